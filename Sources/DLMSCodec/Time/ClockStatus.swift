// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What a meter says about its clock (Blue Book, clock_status).
public struct ClockStatus: OptionSet, Hashable, Sendable {
    /// The octet; bits 4 to 6 are reserved.
    public let rawValue: UInt8

    /// Makes a status of its octet.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The time could not be recovered after a power failure.
    public static let invalidValue = Self(rawValue: 0x01)
    /// The time could be recovered, its value is not sure.
    public static let doubtfulValue = Self(rawValue: 0x02)
    /// The clock runs from another source than configured.
    public static let differentClockBase = Self(rawValue: 0x04)
    /// The status itself is not valid.
    public static let statusNotValid = Self(rawValue: 0x08)
    /// Daylight saving is active, and the deviation includes it.
    public static let daylightSavingActive = Self(rawValue: 0x80)
}
