// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Foundation
import JSONText
import ProtocolDecoder
import Testing

/// The trees of the vectors, member for member.
@Suite struct VectorTreeTests {
    @Test(arguments: ["data", "datetime", "acse", "xdlms", "wrapper", "cipher", "hdlc"])
    func treeEqualsTheVector(layer: String) throws {
        let decoder = ProtocolDecoder()
        let named = try #require(DecodeLayer(rawValue: layer))
        for vector in try vectors(layer) {
            let name = try #require(vector["name"]?.string)
            let hex = try #require(vector["hex"]?.string)
            let answer = decoder.decode(layer: named, hexadecimal: hex)
            let value = try JSONReader.parse(answer.json, limits: JSONLimits(depth: 200))
            #expect(!answer.isProblem, "\(name)")
            #expect(value["layer"]?.string == layer, "\(name)")
            #expect(Tree(value["decoded"]) == Tree(vector["decoded"]), "\(name)")
            #expect(value["reencoded"]?.string == hex, "\(name)")
            #expect(value["trailing"] == nil, "\(name)")
        }
    }

    @Test(arguments: ["data", "datetime", "acse", "xdlms", "wrapper", "hdlc"])
    func autoFindsTheLayer(layer: String) throws {
        for vector in try vectors(layer) {
            let name = try #require(vector["name"]?.string)
            let hex = try #require(vector["hex"]?.string)
            let answer = ProtocolDecoder().decode(layer: .auto, hexadecimal: hex.lowercased())
            let value = try JSONReader.parse(answer.json, limits: JSONLimits(depth: 200))
            #expect(value["layer"]?.string == layer, "\(name)")
            #expect(Tree(value["decoded"]) == Tree(vector["decoded"]), "\(name)")
        }
    }

    @Test(arguments: ["data", "datetime", "acse", "xdlms", "wrapper", "cipher", "hdlc"])
    func everyStrictPrefixIsAProblem(layer: String) throws {
        let named = try #require(DecodeLayer(rawValue: layer))
        for vector in try vectors(layer) {
            let hex = try #require(vector["hex"]?.string)
            for count in stride(from: 0, to: hex.count, by: 2) {
                let answer = ProtocolDecoder().decode(layer: named, hexadecimal: hex.prefix(count))
                #expect(answer.isProblem)
            }
        }
    }

    @Test(arguments: ["iec62056-21", "auto"])
    func textMessagesAreTakenApart(layer: String) throws {
        let named = try #require(DecodeLayer(rawValue: layer))
        for vector in try vectors("iec62056-21") {
            let name = try #require(vector["name"]?.string)
            let hex = try #require(vector["hex"]?.string)
            let answer = ProtocolDecoder().decode(layer: named, hexadecimal: hex)
            let value = try JSONReader.parse(answer.json)
            #expect(value["layer"]?.string == "iec62056-21", "\(name)")
            #expect(value["decoded"]?["message"]?.string != nil, "\(name)")
            #expect(value["reencoded"]?.string == hex, "\(name)")
            #expect(value["trailing"] == nil, "\(name)")
        }
    }

    @Test func pushCapturesArePutTogetherAndDecoded() throws {
        for vector in try vectors("push-capture") {
            let name = try #require(vector["name"]?.string)
            let hex = try #require(vector["hex"]?.string)
            let answer = ProtocolDecoder().decode(layer: .auto, hexadecimal: hex)
            let value = try JSONReader.parse(answer.json, limits: JSONLimits(depth: 200))
            #expect(value["reencoded"]?.string == hex, "\(name)")
            guard let apdu = vector["params"]?["apdu"]?.string else {
                #expect(Tree(value["decoded"]) == Tree(vector["decoded"]), "\(name)")
                continue
            }
            let message = try #require(value["messages"]?.array?.last)
            #expect(message["apdu"]?.string == apdu, "\(name)")
            #expect(message["problem"] == nil, "\(name)")
            guard vector["params"]?["plaintext"] == nil else { continue }
            #expect(Tree(message["decoded"]) == Tree(vector["decoded"]), "\(name)")
        }
    }

    private func vectors(_ layer: String) throws -> [JSONValue] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("DLMSCodecTests/Vectors/\(layer).json")
        let text = [UInt8](try Data(contentsOf: file))
        let vectors = try #require(try JSONReader.parse(text, limits: JSONLimits(depth: 200)).array)
        try #require(!vectors.isEmpty)
        return vectors
    }
}

/// A JSON value without the order of members and the way numbers are written.
indirect enum Tree: Equatable, CustomStringConvertible {
    case missing
    case scalar(String)
    case list([Tree])
    case object([String: Tree])

    init(_ value: JSONValue?) {
        switch value {
        case nil: self = .missing
        case .null: self = .scalar("null")
        case .bool(let value): self = .scalar("\(value)")
        case .number(let value):
            self = .scalar(
                value.exactInt64.map { "\($0)" } ?? "\(value.exactUInt64.map { "\($0)" } ?? "\(value.double)")"
            )
        case .string(let value): self = .scalar("'" + value)
        case .array(let values): self = .list(values.map { Tree($0) })
        case .object(let object):
            self = .object([String: Tree](uniqueKeysWithValues: object.members.map { ($0.name, Tree($0.value)) }))
        }
    }

    var description: String {
        switch self {
        case .missing: "missing"
        case .scalar(let text): text
        case .list(let items): "\(items)"
        case .object(let members):
            "{" + members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        }
    }
}
