// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// Writes decoded values as a tree of JSON: names in snake case, octets as upper-case digits.
struct TreeWriter {
    var json: JSONWriter

    init(reservingCapacity capacity: Int) {
        json = JSONWriter(reservingCapacity: capacity)
    }

    mutating func write(_ value: Decoded.Value) {
        switch value {
        case .data(let value): write(value)
        case .dateTime(let value): write(value)
        case .apdu(let value): write(value)
        case .wrapper(let value): write(value)
        case .hdlc(let value): write(value)
        case .text(let value): write(value)
        }
    }

    /// Writes a member with octets.
    mutating func octets(_ name: StaticString, _ octets: some Collection<UInt8>) {
        json.name(name)
        json.string(utf8: Hexadecimal.digits(of: octets))
    }

    /// Writes a member with octets, or nothing.
    mutating func optionalOctets(_ name: StaticString, _ octets: [UInt8]?) {
        if let octets { self.octets(name, octets) }
    }

    /// Writes a member that is an object.
    mutating func object(_ name: StaticString, _ content: (inout TreeWriter) -> Void) {
        json.name(name)
        object(content)
    }

    /// Writes an object.
    mutating func object(_ content: (inout TreeWriter) -> Void) {
        json.beginObject()
        content(&self)
        json.endObject()
    }

    /// Writes a member that is a list.
    mutating func list<Element>(
        _ name: StaticString,
        _ elements: [Element],
        _ element: (inout TreeWriter, Element) -> Void
    ) {
        json.name(name)
        json.beginArray()
        for item in elements {
            element(&self, item)
        }
        json.endArray()
    }

    /// Writes a single element as it is, and several as a list.
    mutating func writeOneOrList<Element>(_ elements: [Element], _ element: (inout TreeWriter, Element) -> Void) {
        guard elements.count != 1 else { return element(&self, elements[0]) }
        json.beginArray()
        for item in elements {
            element(&self, item)
        }
        json.endArray()
    }

    /// Writes the member `problem`.
    mutating func problem(_ problem: DecodeProblem) {
        object("problem") { tree in
            tree.json.member("title", problem.title)
            tree.json.member("detail", problem.detail)
            if let offset = problem.offset { tree.json.member("offset", offset) }
            if let hint = problem.hint { tree.json.member("hint", hint) }
        }
    }

    /// Writes a member that is a value.
    mutating func data(_ name: StaticString, _ value: DLMSData) {
        json.name(name)
        write(value)
    }

    /// Writes a member that is a list of values.
    mutating func data(_ name: StaticString, _ values: [DLMSData]) {
        list(name, values) { $0.write($1) }
    }
}
