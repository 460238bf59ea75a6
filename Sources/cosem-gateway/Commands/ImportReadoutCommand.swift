// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import DLMSCodec
import Glibc
import JSONText

/// Imports files with readouts of text meters through a running gateway.
///
/// Through the gateway and not into its database, so that what it has in memory is the same from that moment on, and one
/// process writes.
struct ImportReadoutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-readout",
        abstract: "Import files with readouts of IEC 62056-21 through a running gateway.",
        discussion: """
            A file holds one or many readouts: identification line, data lines and !, with or without STX, ETX and BCC.
            Without --meter each goes to the meter whose address.device is the number in it (0.0.0 or C.1.0).
            Exit code: 0 all imported, 1 none, 3 some, 2 for wrong usage.
            Examples:
              cosem-gateway import-readout readout.txt --meter M-1001
              cosem-gateway import-readout --gateway 192.0.2.1:8080 probe/*.txt
            """
    )

    @Argument(help: ArgumentHelp("The files; - is standard input.", valueName: "file"))
    var files: [String]

    @Option(help: "The meter whose readouts they are.")
    var meter: String?

    @OptionGroup var client: ClientOptions

    @Flag(help: "Take readouts whose number is not the meter's address.device.")
    var ignoreNumber = false

    /// More octets than this are sent in several requests, cut between readouts.
    private static let mostOctets = 262_144
    /// More readouts than this are sent in several requests.
    private static let mostReadouts = 100

    func validate() throws {
        guard meter.map({ Self.isIdentifier($0) }) ?? true else {
            throw ValidationError("--meter: a meter has 1 to 64 letters, digits and . _ ~ -")
        }
        guard !files.isEmpty else { throw ValidationError("name at least one file") }
    }

    func run() throws {
        let connection = try client.connection()
        var summary = ImportSummary()
        for file in files {
            do {
                try importFile(file, connection, &summary)
            } catch let failure as GatewayConnection.Failure {
                summary.refuse(file, line: nil, because: failure.description)
                break
            }
        }
        print(summary.text)
        fflush(nil)
        throw ExitCode(summary.exitCode)
    }

    private func importFile(_ name: String, _ connection: GatewayConnection, _ summary: inout ImportSummary) throws {
        guard let octets = FileOctets.read(name) else {
            summary.refuse(name, line: nil, because: String(cString: strerror(errno)))
            return
        }
        let lines = ReadoutFile(octets).items.map(\.line)
        guard !lines.isEmpty else {
            summary.refuse(name, line: nil, because: "there is no readout in it")
            return
        }
        let path = (meter.map { "/meters/\($0)" } ?? "") + "/readout-files" + (ignoreNumber ? "?number=ignored" : "")
        var done = 0
        for part in Self.parts(of: octets, lines: lines) {
            let answer = try connection.send("POST", path, type: "text/plain", body: Array(octets[part.octets]))
            let body = (try? JSONReader.parse(answer.body)) ?? .null
            if answer.status == 200, let items = body["items"]?.array {
                for item in items { summary.take(name, item, linesBefore: part.firstLine - 1) }
            } else {
                let reason = body["detail"]?.string ?? "the gateway answered \(answer.status)"
                for line in part.lines { summary.refuse(name, line: line, because: reason) }
            }
            done += part.lines.count
            if lines.count > Self.mostReadouts { Terminal.tell("\(name): \(done) of \(lines.count) readouts") }
        }
    }

    /// A stretch of a file with whole readouts.
    private struct Part {
        let octets: Range<Int>
        let firstLine: Int
        let lines: [Int]
    }

    private static func parts(of octets: [UInt8], lines: [Int]) -> [Part] {
        var starts = [0]
        for (index, octet) in octets.enumerated() where octet == 0x0A { starts.append(index + 1) }
        func start(_ line: Int) -> Int { line - 1 < starts.count ? starts[line - 1] : octets.count }
        var parts: [Part] = []
        var current: [Int] = []
        func close(before end: Int) {
            guard let first = current.first else { return }
            // What stands in front of the first readout belongs to it.
            let firstLine = parts.isEmpty ? 1 : first
            parts.append(Part(octets: start(firstLine)..<end, firstLine: firstLine, lines: current))
            current = []
        }
        for line in lines {
            if let first = current.first, current.count >= mostReadouts || start(line) - start(first) > mostOctets {
                close(before: start(line))
            }
            current.append(line)
        }
        close(before: octets.count)
        return parts
    }

    private static func isIdentifier(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { octet in
                (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet)
                    || "._~-".utf8.contains(octet)
            }
    }
}

/// What came of all files so far.
private struct ImportSummary {
    private var imported = 0
    private var failed = 0

    /// Notes what the gateway says of one readout, and prints it.
    mutating func take(_ file: String, _ item: JSONValue, linesBefore: Int) {
        let line = (item["line"]?.number?.exactInt64).map { Int($0) + linesBefore }
        if let problem = item["problem"] {
            refuse(file, line: line, because: problem["detail"]?.string ?? "the gateway refused it")
            return
        }
        imported += 1
        let count = item["objects"]?.number?.text ?? "?"
        var text = "\(item["meter"]?.string ?? "?"): \(count) objects of \(item["readAt"]?.string ?? "?")"
        if item["kept"] == .bool(false) { text += ", a later readout is kept" }
        if item["complete"] == .bool(false) { text += ", its end is missing" }
        print("\(Self.place(file, line)): \(text)")
    }

    /// Notes a readout or a file that was not imported, and says so.
    mutating func refuse(_ file: String, line: Int?, because reason: String) {
        failed += 1
        Terminal.tell("\(Self.place(file, line)): \(reason)")
    }

    /// The last line.
    var text: String { "\(imported) imported, \(failed) failed" }

    /// 0 all, 1 none, 3 some.
    var exitCode: Int32 { failed == 0 ? 0 : imported == 0 ? 1 : 3 }

    private static func place(_ file: String, _ line: Int?) -> String {
        line.map { "\(file):\($0)" } ?? file
    }
}
