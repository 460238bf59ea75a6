// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What a station can send and receive on a link, as that station sees it (IEC 62056-46 §6.4.4.4.3.2).
public struct HDLCLimits: Hashable, Sendable {
    /// The longest information field it sends, in octets, 32 to 2030.
    public let informationTransmit: Int
    /// The longest information field it receives, in octets, 32 to 2030.
    public let informationReceive: Int
    /// How many frames it sends without an acknowledgement, 1 to 7.
    public let windowTransmit: Int
    /// How many frames it receives without acknowledging, 1 to 7.
    public let windowReceive: Int

    /// The length when none is negotiated.
    public static let defaultInformation = 128
    /// The window when none is negotiated.
    public static let defaultWindow = 1
    /// What holds when nothing is negotiated.
    public static let standard = HDLCLimits()

    /// Makes limits; numbers outside of the range become the nearest in it.
    public init(
        informationTransmit: Int = Self.defaultInformation,
        informationReceive: Int = Self.defaultInformation,
        windowTransmit: Int = Self.defaultWindow,
        windowReceive: Int = Self.defaultWindow
    ) {
        func clamped(_ value: Int, _ range: ClosedRange<Int>) -> Int {
            min(max(value, range.lowerBound), range.upperBound)
        }
        let lengths = 32...HDLCFrame.longestInformation
        self.informationTransmit = clamped(informationTransmit, lengths)
        self.informationReceive = clamped(informationReceive, lengths)
        self.windowTransmit = clamped(windowTransmit, 1...7)
        self.windowReceive = clamped(windowReceive, 1...7)
    }

    /// What holds on a link between this station and another: the smaller of what one sends and the other receives.
    public func negotiated(with other: HDLCLimits) -> HDLCLimits {
        HDLCLimits(
            informationTransmit: min(informationTransmit, other.informationReceive),
            informationReceive: min(informationReceive, other.informationTransmit),
            windowTransmit: min(windowTransmit, other.windowReceive),
            windowReceive: min(windowReceive, other.windowTransmit)
        )
    }
}
