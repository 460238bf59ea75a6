// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Glibc
import JSONText

/// Registers many meters or channels from a file through a running gateway.
struct ImportMetersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-meters",
        abstract: "Register many meters, or channels, from a file through a running gateway.",
        discussion: """
            The file is NDJSON, one object with "id" and the members of PUT /meters/{id} in a line, or CSV whose header \
            names members by their paths, such as id,channel.host,channel.port,labels.region. What cannot be registered \
            is told with its line.
            Exit code: 0 all registered, 1 none, 3 some, 2 for wrong usage.
            Examples:
              cosem-gateway import-meters --dry-run meters.csv
              cosem-gateway import-meters --on-conflict replace meters.ndjson
            """
    )

    @Argument(help: ArgumentHelp("The file; - is standard input.", valueName: "file"))
    var file: String

    @OptionGroup var client: ClientOptions

    @Option(help: "What becomes of a record that is there already: fail, replace or skip.")
    var onConflict = "fail"

    @Flag(help: "Register all or none; the file is then sent in one request of at most 64 MiB.")
    var allOrNothing = false

    @Flag(help: "Register nothing, only tell what would become of each line.")
    var dryRun = false

    @Flag(help: "The file has channels.")
    var channels = false

    @Flag(help: "The file is CSV; without it that is told by its name or its first character.")
    var csv = false

    func validate() throws {
        guard ["fail", "replace", "skip"].contains(onConflict) else {
            throw ValidationError("--on-conflict: write fail, replace or skip")
        }
    }

    func run() throws {
        let connection = try client.connection()
        guard let octets = FileOctets.read(file) else {
            Terminal.tell("\(file): \(String(cString: strerror(errno)))")
            throw ExitCode(1)
        }
        let isCSV = csv || file.lowercased().hasSuffix(".csv") || (octets.first.map { $0 != 0x7B } ?? false)
        let parts = ImportParts(octets, isCSV: isCSV, isWhole: allOrNothing)
        let path =
            "/\(channels ? "channels" : "meters")/import?onConflict=\(onConflict)&dryRun=\(dryRun)"
            + "&mode=\(allOrNothing ? "all-or-nothing" : "each")"
        var bar = ProgressBar(total: octets.count)
        var (stored, failed) = (0, 0)
        for part in parts.parts {
            let answer: GatewayConnection.Answer
            do {
                answer = try connection.send(
                    "POST",
                    path,
                    type: isCSV ? "text/csv" : "application/x-ndjson",
                    body: parts.header + octets[part.octets]
                )
            } catch {
                bar.clear()
                Terminal.tell("\(file):\(part.firstLine): \(error)")
                failed += 1
                break
            }
            let body = (try? JSONReader.parse(answer.body, limits: JSONLimits(octets: 1 << 28))) ?? .null
            guard answer.status == 200, let items = body["items"]?.array else {
                bar.clear()
                let reason = body["detail"]?.string ?? "the gateway answered \(answer.status)"
                Terminal.tell("\(file):\(part.firstLine): \(reason)")
                failed += 1
                break
            }
            for item in items {
                guard let problem = item["problem"] else { continue }
                bar.clear()
                let line = (item["line"]?.number?.exactInt64).map { Int($0) + part.linesBefore } ?? part.firstLine
                var text = "\(file):\(line): \(problem["detail"]?.string ?? "the gateway refused it")"
                if let meant = problem["suggestion"]?.string { text += " Did you mean \(meant)?" }
                Terminal.tell(text)
            }
            let bad = Int(body["failed"]?.number?.exactInt64 ?? 0)
            failed += bad
            if !(allOrNothing && bad > 0) { stored += items.count - bad }
            bar.advance(to: part.octets.upperBound)
        }
        bar.clear()
        print("\(stored) \(dryRun ? "would be registered" : "registered"), \(failed) failed")
        fflush(nil)
        throw ExitCode(failed == 0 ? 0 : stored == 0 ? 1 : 3)
    }
}

/// A file cut into requests, between records.
private struct ImportParts {
    /// A stretch of the file with whole records.
    struct Part {
        let octets: Range<Int>
        /// The line in the file that it begins with.
        let firstLine: Int
        /// What to add to line numbers that count from the header or the first record of the request.
        let linesBefore: Int
    }

    /// More octets than this are sent in several requests.
    private static let mostOctets = 1 << 20

    /// What each request begins with: the header of CSV.
    let header: [UInt8]
    let parts: [Part]

    init(_ octets: [UInt8], isCSV: Bool, isWhole: Bool) {
        var parts: [Part] = []
        var headerEnd = 0
        if isCSV { headerEnd = (octets.firstIndex(of: 0x0A) ?? octets.count - 1) + 1 }
        header = Array(octets[..<headerEnd])
        var (start, startLine) = (headerEnd, isCSV ? 2 : 1)
        var line = startLine
        var isQuoted = false
        func close(at end: Int) {
            guard end > start else { return }
            parts.append(Part(octets: start..<end, firstLine: startLine, linesBefore: startLine - (isCSV ? 2 : 1)))
            (start, startLine) = (end, line)
        }
        for index in headerEnd..<octets.count {
            if isCSV, octets[index] == 0x22 { isQuoted.toggle() }
            guard octets[index] == 0x0A else { continue }
            line += 1
            if !isWhole, !isQuoted, index - start >= Self.mostOctets { close(at: index + 1) }
        }
        close(at: octets.count)
        self.parts = parts
    }
}
