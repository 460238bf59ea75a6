// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Yams

/// The contract as JSON, for those who have no reader of YAML, such as browsers.
enum ContractJSON {
    /// The document of this build, written once; a test shows that it can be.
    static let octets = (try? octets(of: String(decoding: Contract.openAPI, as: UTF8.self))) ?? []

    /// A YAML document as JSON, its members in the same order.
    ///
    /// - Throws: what Yams says about a text that is not YAML.
    static func octets(of yaml: String) throws -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: yaml.utf8.count)
        if let root = try Yams.compose(yaml: yaml) { write(root, into: &writer) } else { writer.null() }
        return writer.takeOctets()
    }

    private static func write(_ node: Node, into writer: inout JSONWriter) {
        switch node {
        case .mapping(let members):
            writer.beginObject()
            for (name, value) in members {
                writer.name(name.string ?? "")
                write(value, into: &writer)
            }
            writer.endObject()
        case .sequence(let items):
            writer.beginArray()
            for item in items { write(item, into: &writer) }
            writer.endArray()
        case .scalar(let scalar): write(scalar, into: &writer)
        case .alias: writer.null()
        }
    }

    /// What is not quoted is what it looks like, by the core schema of YAML 1.2 (section 10.3.2).
    private static func write(_ scalar: Node.Scalar, into writer: inout JSONWriter) {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any else { return writer.string(text) }
        switch text {
        case "", "~", "null": writer.null()
        case "true": writer.bool(true)
        case "false": writer.bool(false)
        default:
            let isNumber = text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil
            if isNumber { writer.number(text: text) } else { writer.string(text) }
        }
    }
}
