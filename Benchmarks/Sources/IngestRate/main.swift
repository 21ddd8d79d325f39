import Glibc
import Ingest
import Synchronization

//  ingest-rate NAME FILE [--format FORMAT] [--series COLUMN] [--channel COLUMN]
//
//  How fast are files read and decoded? The daemon's own path for recorded files, from the read to batches of typed values, which
//  are then dropped: nothing is scored. Prints one line of JSON: NAME, usable rows (of long form one for each value, of flows
//  one for each flow), seconds, processor seconds of both threads, rates, and the largest resident memory.

guard let arguments = Arguments(CommandLine.arguments.dropFirst()) else {
    complain("usage: ingest-rate NAME FILE [--format FORMAT] [--series COLUMN] [--channel COLUMN]")
    exit(64)
}

let rows = Mutex((usable: 0, malformed: 0))
let telemetry = SourceTelemetry()
let files = RecordedFiles(paths: [arguments.path], configuration: arguments.configuration, telemetry: telemetry)
let begin = ProcessCost.now()
do {
    try await files.run { batch in
        let usable = batch.rows.count { $0.malformed == nil }
        rows.withLock {
            $0.usable += usable
            $0.malformed += batch.rows.count - usable
        }
    }
} catch {
    complain("ingest-rate: \(error)")
    exit(66)
}
let end = ProcessCost.now()

let counted = rows.withLock { $0 }
if counted.malformed > 0 { complain("ingest-rate: \(counted.malformed) lines could not be used") }
print(
    Report(
        name: arguments.name, samples: counted.usable, bytes: Int(telemetry.counters.bytes),
        seconds: end.seconds - begin.seconds, processorSeconds: end.processorSeconds - begin.processorSeconds
    ).line)

func complain(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    // Of our own bytes; there is nobody to tell when it fails.
    _ = unsafe write(2, bytes, bytes.count)
}
