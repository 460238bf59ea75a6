// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import DLMSCodec
import DLMSSecurity
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
              cosem-gateway decode --block-cipher-key 00..0F \\
                --authentication-key D0..DF DB084D4D4D0000BC614E1E30..
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

    // Plain texts, because the parser repeats a value that it refuses, and these may be keys.
    @Option(help: "The system title of the sender of a ciphered APDU that does not tell it, 16 digits.")
    var systemTitle: String?

    @Option(help: "The key that ciphered APDUs are encrypted with, 32 or 64 digits.")
    var blockCipherKey: String?

    @Option(help: "The authentication key; without it nothing is verified.")
    var authenticationKey: String?

    @Argument(help: "The octets as hexadecimal digits, or - for one hex text a line on standard input.")
    var hex: String

    func run() throws {
        let decoder = ProtocolDecoder(keys: try keys())
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

    private func keys() throws -> DecipheringKeys? {
        let systemTitle = try Self.octets(systemTitle, "--system-title", counts: [8])
        let authenticationKey = try Self.octets(authenticationKey, "--authentication-key", counts: [16, 32])
        guard let blockCipherKey = try Self.octets(blockCipherKey, "--block-cipher-key", counts: [16, 32]) else {
            guard systemTitle == nil, authenticationKey == nil else {
                throw ValidationError("--system-title and --authentication-key need --block-cipher-key")
            }
            return nil
        }
        guard authenticationKey == nil || authenticationKey?.count == blockCipherKey.count else {
            throw ValidationError("--authentication-key is as long as --block-cipher-key")
        }
        return DecipheringKeys(
            systemTitle: systemTitle,
            blockCipherKey: Secret(blockCipherKey),
            authenticationKey: authenticationKey.map { Secret($0) }
        )
    }

    /// The octets of an option; what is wrong with it is told without repeating it.
    private static func octets(_ text: String?, _ option: String, counts: [Int]) throws -> [UInt8]? {
        guard let text else { return nil }
        guard let octets = Hexadecimal.octets(of: text), counts.contains(octets.count) else {
            let digits = counts.map { "\($0 * 2)" }.joined(separator: " or ")
            throw ValidationError("\(option) takes \(digits) hexadecimal digits")
        }
        return octets
    }

    /// One JSON object a line, flushed, so that a reader of a pipe sees each answer at once.
    private static func printLine(_ octets: [UInt8]) {
        print(String(decoding: octets, as: UTF8.self))
        fflush(nil)
    }
}
