// StatusServer
