// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// What a client needs to know to set up and to use an HDLC link (IEC 62056-46).
public struct HDLCLinkSettings: Hashable, Sendable {
    /// The client's address, 1 to 127, such as 16 for the public client.
    public var client: UInt8
    /// The server's address; what it answers may have another length.
    public var server: HDLCAddress
    /// What is offered in SNRM; nil = nothing, so that 128 octets and windows of one frame hold.
    ///
    /// A server that does not answer to an offer, or refuses it, is asked without.
    public var limits: HDLCLimits? = HDLCLinkSettings.standardLimits
    /// How long to wait for the answer to a frame, or for more of it while it comes.
    ///
    /// Shorter than the wait for the answer to a request, so that lost frames are repeated within that.
    public var frameTimeout: Duration
    /// How often something is repeated that was not answered, 0 to 20.
    public var retries: Int
    /// Whether a link that may be left from before is ended first; else only when the server does not take SNRM.
    public var disconnectsFirst = false
    /// How long the server is left alone after the end of a link, before another may be set up.
    public var pauseAfterDisconnect: Duration = .zero
    /// The format of the line where it is slow enough to matter: the time that frames take on it is allowed for.
    public var line: LineFormat?
    /// How the meter is told in text to go on with HDLC (IEC 62056-21 mode E); nil = it is not.
    public var signOn: OpticalSignOn?

    /// What is offered unless told otherwise: the longest frames and windows there are; servers answer with less.
    public static let standardLimits = HDLCLimits(
        informationTransmit: HDLCFrame.longestInformation,
        informationReceive: HDLCFrame.longestInformation,
        windowTransmit: 7,
        windowReceive: 7
    )

    /// Settings with usual values for everything but the addresses.
    public init(
        client: UInt8,
        server: HDLCAddress,
        frameTimeout: Duration = .milliseconds(2500),
        retries: Int = 3
    ) {
        self.client = client
        self.server = server
        self.frameTimeout = frameTimeout
        self.retries = retries
    }
}
