// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Takes the contents of a compact array apart within a budget of memory.
///
/// Null-data takes no octets, and an array description repeats its element up to 65 535 times, so a few octets could
/// stand for billions of values. Every element has the same number of values: each is paid for before it is read, from
/// a budget that grows with the octets. A unit stands for some sixteen octets of memory.
struct CompactArrayExpander {
    private static let unitsPerOctet = 8

    private let type: TypeDescription
    private let cost: Int
    private var budget: Int
    private var reader: OctetReader

    init(reader: OctetReader, type: TypeDescription) {
        self.reader = reader
        self.type = type
        cost = type.cost
        budget = Self.unitsPerOctet * (reader.remaining + type.partCount)
    }

    /// Checks that the octets are a whole number of elements.
    mutating func skipAll() throws(DecodeError) {
        while !reader.isAtEnd {
            let before = try pay()
            try skip(type)
            try checkProgress(since: before)
        }
    }

    /// Reads all elements.
    mutating func elements() throws(DecodeError) -> [DLMSData] {
        var elements: [DLMSData] = []
        while !reader.isAtEnd {
            let before = try pay()
            elements.append(try element(type))
            try checkProgress(since: before)
        }
        return elements
    }

    /// Reads one element, and returns what follows it.
    mutating func next() throws(DecodeError) -> (element: DLMSData, rest: OctetReader) {
        _ = try pay()
        let element = try element(type)
        return (element, reader)
    }

    private func checkProgress(since before: Int) throws(DecodeError) {
        // Elements that take no octets would go on for ever.
        guard reader.remaining < before else {
            throw DecodeError(.trailingOctets(before), at: reader.offset, what: "compact-array of empty elements")
        }
    }

    /// Pays for one element, and returns how many octets are left to take it from.
    private mutating func pay() throws(DecodeError) -> Int {
        guard cost <= budget else {
            throw DecodeError(.countTooLarge(cost), at: reader.offset, what: "values of compact-array")
        }
        budget -= cost
        return reader.remaining
    }

    private mutating func skip(_ type: TypeDescription) throws(DecodeError) {
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
        switch type {
        case .simple(let tag): return try DLMSData(decodingScalar: tag, from: &reader)
        case .array(let count, let element):
            var elements: [DLMSData] = []
            elements.reserveCapacity(Int(count))
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

extension TypeDescription {
    /// An array or structure takes memory of its own beside that of its elements.
    private static let costOfContainer = 4

    /// How many units of memory a value of the type takes, strings without their octets.
    fileprivate var cost: Int {
        switch self {
        case .simple: return 1
        case .array(let count, let element):
            let (elements, overflows) = element.cost.multipliedReportingOverflow(by: Int(count))
            return overflows ? .max : Self.sum(elements, Self.costOfContainer)
        case .structure(let members):
            return members.reduce(Self.costOfContainer) { Self.sum($0, $1.cost) }
        }
    }

    private static func sum(_ first: Int, _ second: Int) -> Int {
        let (sum, overflows) = first.addingReportingOverflow(second)
        return overflows ? .max : sum
    }

    /// How many types the description names; at most as many as it has octets.
    fileprivate var partCount: Int {
        switch self {
        case .simple: 1
        case .array(_, let element): 1 + element.partCount
        case .structure(let members): members.reduce(1) { $0 + $1.partCount }
        }
    }
}
