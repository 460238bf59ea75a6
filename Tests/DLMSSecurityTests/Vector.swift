// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Foundation
import Testing

/// A known protected message, proof or key with its source, from the files in `Vectors`.
struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var hex: String
    var source: String
    var params: [String: Parameter]

    var testDescription: String { name }

    var octets: [UInt8] {
        get throws { try #require(Hexadecimal.octets(of: hex)) }
    }

    /// A parameter that is octets.
    func octets(_ name: String) throws -> [UInt8] {
        guard case .text(let text) = params[name] else { throw Missing(name: name) }
        return try #require(Hexadecimal.octets(of: text))
    }

    /// A parameter that is a key.
    func secret(_ name: String) throws -> Secret {
        Secret(try octets(name))
    }

    /// A parameter that is a number.
    func number(_ name: String) throws -> UInt32 {
        guard case .number(let number) = params[name] else { throw Missing(name: name) }
        return number
    }

    /// A parameter that is true or false.
    func flag(_ name: String) throws -> Bool {
        guard case .flag(let flag) = params[name] else { throw Missing(name: name) }
        return flag
    }

    /// Keys, suite and control of a ciphered message.
    var protection: (keys: MessageProtection, control: SecurityControl) {
        get throws {
            let control = SecurityControl(rawValue: try octets("security_control")[0])
            let keys = try MessageProtection(
                suite: try #require(SecuritySuite(rawValue: control.suite)),
                encryptionKey: try secret("encryption_key"),
                authenticationKey: try secret("authentication_key")
            )
            return (keys, control)
        }
    }

    static func load(_ layer: String) -> [Vector] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Vectors/\(layer).json")
        guard let text = try? Data(contentsOf: file) else { return [] }
        return (try? JSONDecoder().decode([Vector].self, from: text)) ?? []
    }

    static func named(_ name: String, _ layer: String) throws -> Vector {
        try #require(load(layer).first { $0.name == name })
    }

    struct Missing: Error {
        var name: String
    }

    enum Parameter: Decodable, Sendable {
        case text(String)
        case number(UInt32)
        case flag(Bool)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(UInt32.self) {
                self = .number(number)
            } else {
                self = .text(try container.decode(String.self))
            }
        }
    }
}

/// Reads digits of a test; an empty list for malformed ones, which no test expects.
func hex(_ text: String) -> [UInt8] {
    Hexadecimal.octets(of: text.filter { !$0.isWhitespace }) ?? []
}
