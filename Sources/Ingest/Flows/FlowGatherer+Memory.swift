import TimeSeries

extension FlowGatherer {
    /// Peers, and services, for which a series keeps room from bin to bin, as hosts that talk to a few have them.
    private static let usualEntries = 8
    /// What an array or an entry of a table takes beside its elements.
    private static let overhead = 48

    /// Bytes that a series takes here, about: what is known of it, its part of the open bins and of a spare one, and its sample.
    public var bytesPerSeries: Int {
        let entries =
            Self.usualEntries
            * (MemoryLayout<KeyedCounts<NetworkAddress>.Entry>.stride + MemoryLayout<KeyedCounts<UInt32>.Entry>.stride)
        let bin = MemoryLayout<FlowAccumulator>.stride + MemoryLayout<Int32>.stride + entries + 2 * Self.overhead
        let items = 2 * (FlowEvidence.mostItems * MemoryLayout<FlowEvidence.Item>.stride + Self.overhead)
        let sample =
            FlowChannels.valueCount * MemoryLayout<Double>.stride + MemoryLayout<RecordBatch.Row>.stride
            + MemoryLayout<FlowEvidence>.stride + items
        return FlowSeriesTable.bytesPerSeries + (openBins + 1) * bin + sample
    }

    /// Bytes that are taken whatever the number of series: the peers that are remembered, the flows under
    /// way and the services.
    public var sharedBytes: Int { contacts.memoryBytes + FlowTable.memoryBytes + ServiceAnswers.memoryBytes }
}

extension FlowSeriesTable {
    /// Bytes of a series, its entry in the table of keys and its name.
    static var bytesPerSeries: Int {
        let entry = 2 * (MemoryLayout<FlowKey>.stride + MemoryLayout<Int32>.stride)
        return MemoryLayout<Member>.stride + ContactRhythm.memoryBytes + NewContacts.memoryBytes + entry + 2
            * MemoryLayout<String>.stride + 32
    }
}
