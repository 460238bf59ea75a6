// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel

/// How a meter behaves where meters differ; every member begins as the standard says.
///
/// Each member is a ``Quirk`` of the same name. What models are known for stands in a table, not in code; see
/// ``MeterModelCatalog`` and ``EffectiveBehaviour``.
public struct MeterBehaviour: Hashable, Sendable {
    // MARK: HDLC

    /// Whether SNRM offers frame lengths and windows; without, frames of 128 octets and windows of one hold.
    ///
    /// Meters that refuse the offer, or do not answer to it, are asked without it in any case.
    public var linkParameters = true
    /// The longest information in a frame that is offered in octets, 32 to 2030.
    public var linkFrameLength = 2030
    /// How many frames without an acknowledgement are offered, 1 to 7.
    public var linkWindow = 7
    /// Whether DISC is sent before SNRM, for meters that do not take SNRM while an old link stands.
    public var linkDisconnectFirst = false
    /// How many milliseconds a meter is left alone after the end of a link.
    public var linkPause = 0

    // MARK: IEC 62056-21

    /// Whether zeros are sent for two seconds before a sign-on, for meters that sleep.
    public var textWakeUp = false
    /// The speed at which a session begins, 110 to 115200 bits per second.
    public var textSpeed: UInt32 = 300
    /// The characters of the line in text.
    public var textCharacters = TextCharacters.sevenEven
    /// What becomes of the higher speed that the meter offers.
    public var textSpeedChange = TextSpeedChange.offered
    /// The highest speed that is agreed to, 300 to 19200 bits per second; nil takes what the meter offers.
    public var textSpeedLimit: UInt32?
    /// Whether the meter sends by itself and is not asked (mode D).
    public var textListens = false

    // MARK: Messages and associations

    /// The most attributes in one request with a list, 1 to 500; 1 asks one by one.
    public var withListMaximum: Int = 16
    /// The longest APDU the meter may be sent in octets, whatever it announces; nil believes it.
    public var maxSendPDU: UInt16?
    /// The longest APDU that the gateway says it takes, in octets, 40 to 65535.
    public var maxReceivePDU: UInt16 = 0xFFFF
    /// Whether an association is released before the connection is closed.
    public var release = true
    /// What the release of a protected association carries.
    public var releaseContent = ReleaseContent.initiate
    /// When the AARQ tells the client's system title.
    public var callingSystemTitle = CallingSystemTitle.whenNeeded
    /// How many blocks of a general block transfer are sent before an acknowledgement, 0 to 63; 0 does not offer it.
    public var generalBlockWindow: Int = 1
    /// What the blocks of a long answer to a method carry.
    public var actionBlockContent = ActionBlockContent.automatic
    /// The offset of the first method of M-Bus clients of version 0 with short names: 96 (60 hex), or 104 in NTA meters.
    public var mbusMethodOffset: UInt8 = 0x60
    /// The offset of the first method of security setups of version 0 with short names: 40 (28 hex) or 48.
    public var securitySetupMethodOffset: UInt8 = 0x28

    // MARK: Profiles and time

    /// How the meter serves and fills its profiles, and how its times are meant.
    public var profiles = ProfileBehaviour.standard
    /// Where the scalers of a profile's columns come from.
    public var scalers = ScalerSource.kept

    // MARK: Security

    /// The meter's system title, where it tells none or an empty one; 8 octets.
    public var serverSystemTitle: SystemTitle?
    /// Whether messages whose tag cannot be checked are opened all the same, and their values marked.
    public var acceptsUnverified = false
    /// Whether the header of general-ciphering counts in the tag (Green Book) or not (SC and AK alone).
    public var generalHeaderAuthenticated = true
    /// Whether a signature covers the length of the signed content.
    public var signedContentLength = false
    /// The AlgorithmID of agreed keys.
    public var agreedKeyAlgorithm = AgreedKeyAlgorithm.greenBook
    /// Whether the meter's own invocation counters may begin again, as after a failure of its supply.
    public var meterCounterRestarts = false
    /// The client address that reads the invocation counter object, without security.
    public var counterClient: UInt16 = 16

    /// Makes the behaviour that the standard says.
    public init() {}
}
