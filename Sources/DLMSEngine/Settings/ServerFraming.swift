// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// How a server's APDUs are framed.
public enum ServerFraming: Hashable, Sendable {
    /// The TCP wrapper of IEC 62056-47.
    case wrapper
    /// The data link of IEC 62056-46.
    case hdlc(HDLCServerSettings)
    /// HDLC once a client has signed on in mode E of IEC 62056-21; without, the text protocol.
    case hdlcModeE(HDLCServerSettings, TextServerSettings)
    /// The text protocol of IEC 62056-21 alone.
    case text(TextServerSettings)
}

/// How a server behaves on an HDLC line, which it may share with others.
public struct HDLCServerSettings: Hashable, Sendable {
    /// The lower address it answers to; nil = any, and addresses without a lower one.
    public var physicalDevice: UInt16?
    /// Whether it answers frames to the device that calls (lower address 7E or 3FFE).
    public var answersCallingDevice = true
    /// What it can send and receive.
    public var limits = HDLCLinkSettings.standardLimits
    /// After how long without a frame a link and its association are gone; nil = never.
    public var inactivityTimeout: Duration? = .seconds(120)
    /// After how long a silence a frame that has begun is given up.
    public var interOctetTimeout: Duration = .seconds(1)
    /// How often it says RNR to a request before it answers.
    public var notReadyTurns = 0
    /// Whether it takes SNRM with parameters; else it answers DM, as some meters do.
    public var takesParameters = true

    /// Usual behaviour at an address; nil = any.
    public init(physicalDevice: UInt16? = nil) {
        self.physicalDevice = physicalDevice
    }
}
