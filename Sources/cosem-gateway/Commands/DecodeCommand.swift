// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Glibc
import ProtocolDecoder

/// Explains octets: `{"layer","decoded","reencoded"}`, or `{"problem"}` and exit code 1.
struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Explain octets of a frame, an APDU or a value as JSON.",
        discussion: """
            Examples:
              cosem-gateway decode C001C1000100002B0100FF0200
              cosem-gateway decode --layer data 02020FFF1623
              cosem-gateway decode - < lines-of-hex.txt
            """
    )

    @Option(
        help: "\(DecodeLayer.allCases.map(\.rawValue).joined(separator: ", ")); auto looks at the octets.",
        transform: { text in
            guard let layer = DecodeLayer(rawValue: text) else {
                throw ValidationError("unknown layer '\(text)'")
            }
            return layer
        }
    )
    var layer: DecodeLayer = .auto

    @Argument(help: "The octets as hexadecimal digits, or - for one hex text a line on standard input.")
    var hex: String

    func run() throws {
        let decoder = ProtocolDecoder()
        guard hex == "-" else {
            let answer = decoder.decode(layer: layer, hexadecimal: hex)
            Self.printLine(answer.json)
            guard !answer.isProblem else { throw ExitCode.failure }
            return
        }
        while let line = readLine() {
            Self.printLine(decoder.decode(layer: layer, hexadecimal: line).json)
        }
    }

    /// One JSON object a line, flushed, so that a reader of a pipe sees each answer at once.
    private static func printLine(_ octets: [UInt8]) {
        print(String(decoding: octets, as: UTF8.self))
        fflush(nil)
    }
}
