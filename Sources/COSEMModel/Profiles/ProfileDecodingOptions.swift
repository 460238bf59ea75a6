// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// What must be known to make times of a profile's rows.
public struct ProfileDecodingOptions: Sendable {
    /// Seconds between two rows; 0 if rows are captured on events.
    public var capturePeriod: UInt32
    /// How the buffer is sorted; the newest row comes first with `lifo`.
    public var sortMethod: ProfileDescriptor.SortMethod
    /// The meter's zone, for time stamps without deviation; nil leaves such times without an instant.
    public var zone: (any TimeZoneRules)?
    /// The meter sends the deviation with the sign of an ISO offset.
    public var invertsDeviation: Bool
    /// Cells that are null repeat the cell of the row before, as the standard says; false shows them as null.
    public var expandsNull: Bool
    /// The start of the asked range, for a first row without time.
    public var rangeStart: ProfileTime?

    /// Makes options.
    public init(
        capturePeriod: UInt32 = 0,
        sortMethod: ProfileDescriptor.SortMethod = .fifo,
        zone: (any TimeZoneRules)? = nil,
        invertsDeviation: Bool = false,
        expandsNull: Bool = true,
        rangeStart: ProfileTime? = nil
    ) {
        self.capturePeriod = capturePeriod
        self.sortMethod = sortMethod
        self.zone = zone
        self.invertsDeviation = invertsDeviation
        self.expandsNull = expandsNull
        self.rangeStart = rangeStart
    }
}

extension ProfileTime {
    /// The instant in the local time of a zone.
    /// - Returns: nil outside of the years that COSEM can write.
    public init?(utcSeconds: Int64, zone: any TimeZoneRules) {
        let offset = Int16(clamping: zone.offsetSeconds(atUTC: utcSeconds) / 60)
        guard let dateTime = COSEMDateTime(secondsSinceEpoch: utcSeconds, deviationMinutes: -Int(offset)) else {
            return nil
        }
        self.init(dateTime: dateTime, utcSeconds: utcSeconds, offsetMinutes: offset)
    }
}
