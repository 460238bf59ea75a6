// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Takes the contents of a compact array apart within a budget of values.
///
/// Null-data takes no octets, and an array description repeats its element up to 65 535 times, so a few octets could
/// stand for billions of values. Each value is paid for from a budget that grows with the octets.
struct CompactArrayExpander {
    private var reader: OctetReader
    private let start: Int
    private let budget: Int
    private var values = 0

    init(reader: OctetReader) {
        self.reader = reader
        start = reader.offset
        budget = 16 * reader.remaining + 1024
    }

    /// Checks that the octets are a whole number of elements.
    mutating func skipAll(_ type: TypeDescription) throws(DecodeError) {
        while !reader.isAtEnd {
            let before = reader.remaining
            try skip(type)
            try checkProgress(since: before)
        }
    }

    /// Reads all elements.
    mutating func elements(_ type: TypeDescription) throws(DecodeError) -> [DLMSData] {
        var elements: [DLMSData] = []
        while !reader.isAtEnd {
            let before = reader.remaining
            elements.append(try element(type))
            try checkProgress(since: before)
        }
        return elements
    }

    /// Reads one element, and returns what follows it.
    mutating func next(_ type: TypeDescription) throws(DecodeError) -> (element: DLMSData, rest: OctetReader) {
        let element = try element(type)
        return (element, reader)
    }

    private func checkProgress(since before: Int) throws(DecodeError) {
        // Elements that take no octets would go on for ever.
        guard reader.remaining < before else {
            throw DecodeError(.trailingOctets(before), at: reader.offset, what: "compact-array of empty elements")
        }
    }

    private mutating func pay() throws(DecodeError) {
        values += 1
        guard values <= budget else {
            throw DecodeError(.countTooLarge(values), at: start, what: "values of compact-array")
        }
    }

    private mutating func skip(_ type: TypeDescription) throws(DecodeError) {
        try pay()
        switch type {
        case .simple(let tag):
            if let width = tag.width {
                _ = try reader.readSlice(count: width, "compact-array element")
            } else {
                let length = try reader.readLength("length in compact-array")
                let width = tag == .bitString ? (length + 7) / 8 : length
                _ = try reader.readSlice(count: width, "compact-array element")
            }
        case .array(let count, let element):
            for _ in 0..<count {
                try skip(element)
            }
        case .structure(let members):
            for member in members {
                try skip(member)
            }
        }
    }

    private mutating func element(_ type: TypeDescription) throws(DecodeError) -> DLMSData {
        try pay()
        switch type {
        case .simple(let tag): return try DLMSData(decodingScalar: tag, from: &reader)
        case .array(let count, let element):
            var elements: [DLMSData] = []
            for _ in 0..<count {
                elements.append(try self.element(element))
            }
            return .array(elements)
        case .structure(let members):
            var elements: [DLMSData] = []
            elements.reserveCapacity(members.count)
            for member in members {
                elements.append(try element(member))
            }
            return .structure(elements)
        }
    }
}
