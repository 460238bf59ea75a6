// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The operator's name of a record: 1 to 64 of the characters `A-Z a-z 0-9 . _ ~ -`, none of which needs escaping in
/// a URL path; `Subject` keeps a meter's apart from a channel's.
///
/// `.` and `..` are refused, because HTTP clients remove them from paths.
public struct Identifier<Subject>: Hashable, Sendable, Comparable {
    /// The name as given.
    public let text: String

    /// Takes a well-formed name; nil for any other text.
    public init?(_ text: some StringProtocol) {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed), text != ".", text != ".." else {
            return nil
        }
        self.text = String(text)
    }

    /// Orders by the octets of the text.
    public static func < (left: Identifier, right: Identifier) -> Bool {
        left.text < right.text
    }

    private static func isAllowed(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),
            UInt8(ascii: "-"):
            true
        default:
            false
        }
    }
}

extension Identifier: CustomStringConvertible {
    /// The name as given.
    public var description: String { text }
}

/// The operator's name of a meter, usually its serial number.
public typealias MeterID = Identifier<MeterRecord>

/// The operator's name of a channel.
public typealias ChannelID = Identifier<ChannelRecord>

/// The operator's name of a group of meters.
public typealias MeterGroupID = Identifier<MeterGroupRecord>

/// The operator's name of a schedule.
public typealias ScheduleID = Identifier<ScheduleRecord>

/// The operator's name of a set of readings.
public typealias ReadingSetID = Identifier<ReadingSetRecord>

/// The operator's name of a webhook.
public typealias WebhookID = Identifier<WebhookRecord>

/// The operator's name of a group of channels.
public typealias ChannelGroupID = Identifier<ChannelGroupRecord>
