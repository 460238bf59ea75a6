// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Reads the notation of shapes that the tables are written in; the head of `classes.txt` describes it.
struct ShapeNotation {
    var rest: Substring.UTF8View
    let named: [String: Shape]

    /// The shape that a text stands for; nil if it is not well-formed or refers to an unknown name.
    static func parse(_ text: Substring, named: [String: Shape]) -> Shape? {
        var notation = ShapeNotation(rest: text.utf8, named: named)
        guard let shape = notation.shape(), notation.rest.isEmpty else { return nil }
        return shape
    }

    private mutating func shape() -> Shape? {
        guard let first = alternative() else { return nil }
        guard take("|") else { return first }
        var shapes = [first]
        repeat {
            guard let next = alternative() else { return nil }
            shapes.append(next)
        } while take("|")
        return .choice(shapes)
    }

    private mutating func alternative() -> Shape? {
        if take("[") {
            guard let element = shape(), take("]") else { return nil }
            return .array(element)
        }
        if take("{") { return members() }
        if take("@") { return named[word()] }
        let name = word()
        switch name {
        case "any": return .any
        case "array": return .array(.any)
        case "structure": return .structure([])
        default:
            guard let type = DataTag(name: name) else { return nil }
            guard take("<") else { return .simple(type, .plain) }
            guard let meaning = meaning() else { return nil }
            return .simple(type, meaning)
        }
    }

    private mutating func members() -> Shape? {
        var members: [Shape.Member] = []
        repeat {
            let name = word()
            guard !name.isEmpty, take(":"), let shape = shape() else { return nil }
            members.append(Shape.Member(name: name, shape: shape))
        } while take(" ")
        return take("}") ? .structure(members) : nil
    }

    private mutating func meaning() -> Shape.Meaning? {
        let first = word()
        guard take("=") else {
            guard take(">") else { return nil }
            switch first {
            case "obis": return .logicalName
            case "date-time": return .dateTime
            case "date": return .date
            case "time": return .time
            case "text": return .text
            case "system-title": return .systemTitle
            case "clock-status": return .clockStatus
            case "unit": return .unit
            default: return nil
            }
        }
        guard let code = UInt8(first) else { return nil }
        var codes = [Shape.NamedCode(code: code, name: word())]
        while take(" ") {
            guard let code = UInt8(word()), take("=") else { return nil }
            codes.append(Shape.NamedCode(code: code, name: word()))
        }
        return take(">") ? .codes(codes) : nil
    }

    /// Letters, digits, hyphens and underscores.
    private mutating func word() -> String {
        let word = rest.prefix { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        rest = rest[word.endIndex...]
        return String(Substring(word))
    }

    private mutating func take(_ mark: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: mark) else { return false }
        rest.removeFirst()
        return true
    }
}
