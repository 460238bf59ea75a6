// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A set of slots of one day, by their numbers from 0.
public struct SlotSet: Hashable, Sendable {
    private var words: [UInt64]

    /// Makes an empty set.
    public init() {
        words = []
    }

    /// Makes the set of the first slots.
    public init(first count: Int) {
        words = []
        for slot in 0..<max(count, 0) { insert(slot) }
    }

    /// How many slots are in it.
    public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// Whether none is in it.
    public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// Whether a slot is in it.
    public func contains(_ slot: Int) -> Bool {
        slot / 64 < words.count && words[slot / 64] >> (slot % 64) & 1 == 1
    }

    /// Adds a slot.
    public mutating func insert(_ slot: Int) {
        while words.count <= slot / 64 { words.append(0) }
        words[slot / 64] |= 1 << (slot % 64)
    }

    /// Takes a slot away.
    public mutating func remove(_ slot: Int) {
        guard slot / 64 < words.count else { return }
        words[slot / 64] &= ~(1 << (slot % 64))
    }

    /// The slots that are in both sets.
    public func intersection(_ other: SlotSet) -> SlotSet {
        var both = SlotSet()
        both.words = zip(words, other.words).map { $0 & $1 }
        return both
    }

    /// Whether both sets have the same slots.
    public static func == (left: SlotSet, right: SlotSet) -> Bool {
        (0..<max(left.words.count, right.words.count)).allSatisfy { left.word($0) == right.word($0) }
    }

    /// Hashes the slots, not how they are kept.
    public func hash(into hasher: inout Hasher) {
        for word in words where word != 0 { hasher.combine(word) }
    }

    private func word(_ index: Int) -> UInt64 {
        index < words.count ? words[index] : 0
    }

    /// The set as hexadecimal digits, 16 for each 64 slots; empty for the empty set.
    public var text: String {
        words.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Reads text; nil for anything else.
    public init?(text: String) {
        let digits = Array(text.utf8)
        guard digits.count % 16 == 0 else { return nil }
        words = []
        for start in stride(from: 0, to: digits.count, by: 16) {
            guard let word = UInt64(String(decoding: digits[start..<start + 16], as: UTF8.self), radix: 16) else {
                return nil
            }
            words.append(word)
        }
    }
}
