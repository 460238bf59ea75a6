// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Foundation
import Testing

/// A known encoding with its source, from the files in `Vectors`.
struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var layer: String
    var hex: String
    var source: String

    var testDescription: String { name }

    var octets: [UInt8] {
        get throws { try #require(Hexadecimal.octets(of: hex)) }
    }

    static func load(_ layers: String...) -> [Vector] {
        layers.flatMap { layer in
            let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("Vectors/\(layer).json")
            guard let text = try? Data(contentsOf: file),
                let vectors = try? JSONDecoder().decode([Vector].self, from: text)
            else { return [Vector]() }
            return vectors
        }
    }
}
