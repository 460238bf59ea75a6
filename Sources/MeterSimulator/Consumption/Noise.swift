// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Noise that depends on a seed and a place only, so that the same meter always has the same past.
struct Noise: Sendable {
    let seed: UInt64

    /// A number below a bound, the same each time for the same place.
    /// - Parameters:
    ///   - bound: Larger than 0.
    ///   - stream: What the number is for, so that uses do not resemble each other.
    ///   - place: Such as the number of a day or an interval.
    func value(below bound: Int, stream: UInt64, at place: Int64) -> Int {
        // SplitMix64 over the mixed input.
        var mixed = seed &+ stream &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(bitPattern: place) &* 0xD1B5_4A32_D192_ED03
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Int(mixed % UInt64(bound))
    }
}
