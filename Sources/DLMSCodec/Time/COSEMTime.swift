// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A time of day with wildcards, four octets: hour, minute, second, hundredths, each FF = not specified (Blue Book, time).
public struct COSEMTime: Hashable, Sendable {
    /// The hour as sent.
    public var rawHour: UInt8
    /// The minute as sent.
    public var rawMinute: UInt8
    /// The second as sent.
    public var rawSecond: UInt8
    /// The hundredths of a second as sent.
    public var rawHundredths: UInt8

    /// Makes a time of its octets.
    public init(rawHour: UInt8, rawMinute: UInt8, rawSecond: UInt8, rawHundredths: UInt8) {
        self.rawHour = rawHour
        self.rawMinute = rawMinute
        self.rawSecond = rawSecond
        self.rawHundredths = rawHundredths
    }

    /// Makes a time; nil stands for not specified.
    public init(hour: Int?, minute: Int?, second: Int?, hundredths: Int? = 0) {
        rawHour = hour.flatMap { UInt8(exactly: $0) } ?? 0xFF
        rawMinute = minute.flatMap { UInt8(exactly: $0) } ?? 0xFF
        rawSecond = second.flatMap { UInt8(exactly: $0) } ?? 0xFF
        rawHundredths = hundredths.flatMap { UInt8(exactly: $0) } ?? 0xFF
    }

    /// Every field not specified.
    public static let unspecified = Self(rawHour: 0xFF, rawMinute: 0xFF, rawSecond: 0xFF, rawHundredths: 0xFF)

    /// The hour 0-23; nil when not specified.
    public var hour: Int? { rawHour < 24 ? Int(rawHour) : nil }

    /// The minute 0-59; nil when not specified.
    public var minute: Int? { rawMinute < 60 ? Int(rawMinute) : nil }

    /// The second 0-59; nil when not specified.
    public var second: Int? { rawSecond < 60 ? Int(rawSecond) : nil }

    /// The hundredths 0-99; nil when not specified.
    public var hundredths: Int? { rawHundredths < 100 ? Int(rawHundredths) : nil }

    /// Seconds since midnight, a second not specified counting as 0; nil unless hour and minute are given.
    public var secondOfDay: Int? {
        guard let hour, let minute else { return nil }
        return hour * 3600 + minute * 60 + (second ?? 0)
    }
}

extension COSEMTime: OctetCodable {
    /// Reads the four octets.
    ///
    /// - Throws: `.truncated`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        rawHour = try reader.readUInt8("hour")
        rawMinute = try reader.readUInt8("minute")
        rawSecond = try reader.readUInt8("second")
        rawHundredths = try reader.readUInt8("hundredths")
    }

    /// Writes the four octets.
    public func encode(into writer: inout OctetWriter) {
        writer.write(rawHour)
        writer.write(rawMinute)
        writer.write(rawSecond)
        writer.write(rawHundredths)
    }
}
