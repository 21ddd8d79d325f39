// MonitorRuntime
