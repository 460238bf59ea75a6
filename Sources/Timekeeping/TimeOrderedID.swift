// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// An identifier that sorts by the time it was made: a UUID of version 7 (RFC 9562 §5.7); `Subject` keeps a job's apart
/// from an event's.
///
/// | bits | content |
/// |---|---|
/// | 48 | milliseconds since 1970 |
/// | 4 | version, 7 |
/// | 12 | counter within the millisecond |
/// | 2 | variant, binary 10 |
/// | 62 | random |
public struct TimeOrderedID<Subject>: Hashable, Sendable, Comparable {
    private let high: UInt64
    private let low: UInt64

    init(milliseconds: UInt64, counter: UInt64, random: UInt64) {
        high = milliseconds << 16 | 0x7000 | counter & 0x0FFF
        low = Self.lowPart(random)
    }

    /// Whether the random part is that of this number.
    func hasRandomPart(_ random: UInt64) -> Bool { low == Self.lowPart(random) }

    /// The variant and 62 bits of a number.
    private static func lowPart(_ random: UInt64) -> UInt64 { 0x8000_0000_0000_0000 | random & 0x3FFF_FFFF_FFFF_FFFF }

    /// The least that can be made in the millisecond of a moment.
    public static func least(at moment: Timestamp) -> TimeOrderedID {
        TimeOrderedID(milliseconds: milliseconds(moment), counter: 0, random: 0)
    }

    static func milliseconds(_ moment: Timestamp) -> UInt64 { UInt64(clamping: moment.microseconds / 1000) }

    /// Reads the form with hyphens, in either case; nil for anything that is no UUID of version 7.
    public init?(_ text: some StringProtocol) {
        var values: [UInt64] = []
        for (part, length) in zip(text.split(separator: "-", omittingEmptySubsequences: false), [8, 4, 4, 4, 12]) {
            guard part.utf8.count == length, part.allSatisfy(\.isHexDigit), let value = UInt64(part, radix: 16) else {
                return nil
            }
            values.append(value)
        }
        guard values.count == 5, text.utf8.count == 36, values[2] >> 12 == 7, values[3] >> 14 == 2 else { return nil }
        high = values[0] << 32 | values[1] << 16 | values[2]
        low = values[3] << 48 | values[4]
    }

    /// The form with hyphens, in small letters.
    public var text: String {
        let digits = Self.hexadecimal(high) + Self.hexadecimal(low)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(digit)
        }
        return text
    }

    /// When the identifier was made, to the millisecond.
    public var timestamp: Timestamp { Timestamp(microseconds: Int64(high >> 16) * 1000) }

    /// Orders by the time of making.
    public static func < (left: TimeOrderedID, right: TimeOrderedID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension TimeOrderedID: CustomStringConvertible {
    /// The form with hyphens.
    public var description: String { text }
}
