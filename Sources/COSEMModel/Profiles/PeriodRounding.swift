// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Times to the nearest multiple of a period.
extension Int64 {
    /// The greatest multiple of a step that is not above the number.
    /// - Parameter step: positive.
    func roundedDown(to step: Int64) -> Int64 {
        self - ((self % step) + step) % step
    }

    /// The least multiple of a step that is not below the number.
    /// - Parameter step: positive.
    func roundedUp(to step: Int64) -> Int64 {
        let down = roundedDown(to: step)
        return down == self ? self : down + step
    }
}
