// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How a notification differs from the standard's encoding although its meaning is clear.
///
/// The names are those that a tree of the decoder shows.
public struct NotificationDeviations: OptionSet, Hashable, Sendable {
    /// One bit for each deviation.
    public let rawValue: UInt8

    /// Makes a set of bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The date-time has the type tag 09 in front of its length.
    ///
    /// Observed: Kaifa HAN lists.
    public static let taggedDateTime = NotificationDeviations(rawValue: 1)
    /// Structures of two, whose first member is class, logical name and attribute index without type tags.
    ///
    /// They are decoded as structures of four. Observed: Sagemcom XT211.
    public static let untaggedDescriptors = NotificationDeviations(rawValue: 2)
    /// Logical names with length and type tag swapped, 06 09.
    ///
    /// Observed: Landis+Gyr ZMF100.
    public static let swappedLogicalNames = NotificationDeviations(rawValue: 4)

    /// Every deviation that is understood.
    public static let all: NotificationDeviations = [.taggedDateTime, .untaggedDescriptors, .swappedLogicalNames]

    /// The names of the deviations in the set.
    public var names: [String] {
        let named: [(NotificationDeviations, String)] = [
            (.taggedDateTime, "tagged-date-time"), (.untaggedDescriptors, "untagged-descriptors"),
            (.swappedLogicalNames, "swapped-logical-names"),
        ]
        return named.compactMap { contains($0.0) ? $0.1 : nil }
    }
}
