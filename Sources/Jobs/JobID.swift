// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization
public import Timekeeping

/// The identifier of a job: a UUID of version 7 (RFC 9562 §5.7), which sorts by the time it was made.
///
/// | bits | content |
/// |---|---|
/// | 48 | milliseconds since 1970 |
/// | 4 | version, 7 |
/// | 12 | counter within the millisecond |
/// | 2 | variant, binary 10 |
/// | 62 | random |
public struct JobID: Hashable, Sendable, Comparable {
    private let high: UInt64
    private let low: UInt64

    init(milliseconds: UInt64, counter: UInt64, random: UInt64) {
        high = milliseconds << 16 | 0x7000 | counter & 0x0FFF
        low = 0x8000_0000_0000_0000 | random & 0x3FFF_FFFF_FFFF_FFFF
    }

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
    public static func < (left: JobID, right: JobID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension JobID: CustomStringConvertible {
    /// The form with hyphens.
    public var description: String { text }
}

/// Makes identifiers that grow strictly within the process, also when the clock stands still or is set back.
public final class JobIDGenerator: Sendable {
    /// Milliseconds and counter of the last identifier, as one number that only grows.
    private let last = Atomic<UInt64>(0)

    /// Makes a generator.
    public init() {}

    /// Makes the next identifier at the present moment.
    public func next(at now: Timestamp) -> JobID {
        let present = UInt64(clamping: now.microseconds / 1000) << 12
        var previous = last.load(ordering: .relaxed)
        while true {
            // After 4096 identifiers in a millisecond the counter carries into the time, which RFC 9562 §6.2 allows.
            let wanted = max(present, previous + 1)
            let (exchanged, original) = last.compareExchange(
                expected: previous,
                desired: wanted,
                ordering: .relaxed
            )
            if exchanged {
                return JobID(
                    milliseconds: wanted >> 12,
                    counter: wanted & 0x0FFF,
                    random: .random(in: 0...UInt64.max)
                )
            }
            previous = original
        }
    }
}
