// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension Quirk {
    // swift-format-ignore
    /// Every option there is, in the order in which they are shown; docs/meter-quirks.md explains each.
    public static let all: [Quirk] = [
        .flag("linkParameters", \.linkParameters, "Whether SNRM offers frame lengths and windows."),
        .number("linkFrameLength", \.linkFrameLength, .integer(32...2030), "The longest information in an HDLC frame that is offered, in octets."),
        .number("linkWindow", \.linkWindow, .integer(1...7), "How many HDLC frames without an acknowledgement are offered."),
        .flag("linkDisconnectFirst", \.linkDisconnectFirst, "Whether DISC is sent before SNRM."),
        .number("linkPause", \.linkPause, .integer(0...60_000), "Milliseconds that a meter is left alone after the end of an HDLC link."),

        .flag("textWakeUp", \.textWakeUp, "Whether a sign-on in text begins with zeros, for meters that sleep."),
        .number("textSpeed", \.textSpeed, .integer(110...115_200), "Bits per second at which a session in text begins."),
        .word("textCharacters", \.textCharacters, "Data bits, parity and stop bits of a line in text."),
        .word("textSpeedChange", \.textSpeedChange, "What becomes of the higher speed that a text meter offers."),
        .number("textSpeedLimit", \.textSpeedLimit, .integer(300...19_200), "The highest speed that is agreed to with a text meter."),
        .flag("textListens", \.textListens, "Whether a text meter sends by itself and is not asked."),

        .number("withListMaximum", \.withListMaximum, .integer(1...500), "The most attributes in one request with a list; 1 asks one by one."),
        .number("maxSendPDU", \.maxSendPDU, .integer(40...65_535), "The longest APDU in octets that the meter is sent, whatever it announces."),
        .number("maxReceivePDU", \.maxReceivePDU, .integer(40...65_535), "The longest APDU in octets that the gateway says it takes."),
        .flag("release", \.release, "Whether an association is released before the connection is closed."),
        .word("releaseContent", \.releaseContent, "What the release request of a protected association carries."),
        .word("callingSystemTitle", \.callingSystemTitle, "When the AARQ tells the client's system title."),
        .number("generalBlockWindow", \.generalBlockWindow, .integer(0...63), "The window of general block transfer; 0 does not offer it."),
        .word("actionBlockContent", \.actionBlockContent, "What the blocks of a long answer to a method carry."),
        .number("mbusMethodOffset", \.mbusMethodOffset, .oneOf([0x60, 0x68]), "The short-name offset of the first method of M-Bus clients of version 0."),
        .number("securitySetupMethodOffset", \.securitySetupMethodOffset, .oneOf([0x28, 0x30]), "The short-name offset of the first method of security setups of version 0."),

        .word("rangeSelection", \.profiles.rangeSelection, "Whether the meter selects rows of a profile by time."),
        .word("entrySelection", \.profiles.entrySelection, "Whether the meter selects rows of a profile by number."),
        .word("columnSelection", \.profiles.columnSelection, "Whether the meter selects columns of a profile."),
        .word("rangeStart", \.profiles.rangeStart, "Whether the row at the start of a range belongs to it."),
        .word("rangeEnd", \.profiles.rangeEnd, "Whether the row at the end of a range belongs to it."),
        .number("rangeStep", \.profiles.rangeStep, .integer(1...86_400), "Seconds that the bounds of a range must be multiples of; 3600 for whole hours."),
        .word("rangeDeviation", \.profiles.rangeDeviation, "Whether the bounds of a range tell their deviation from UTC."),
        .word("rangeStatus", \.profiles.rangeStatus, "Whether the bounds of a range tell the clock status."),
        .word("rangeEncoding", \.profiles.rangeEncoding, "How the bounds of a range are encoded."),
        .number("mostRowsInRange", \.profiles.mostRowsInRange, .integer(1...1_000_000), "The most rows that are asked for at once."),
        .word("restrictingColumn", \.profiles.restrictingColumn, "The column that a range restricts."),
        .word("nullCell", \.profiles.nullCell, "What a null cell of a profile means."),
        .word("intervalLabel", \.profiles.intervalLabel, "Which end of its interval the time of a row names."),
        .statusTable("statusTable", \.profiles.statusTable, "What the bits of a profile's status word mean."),
        .word("scalers", \.scalers, "Whether the scalers of a profile's columns are kept or read each time."),

        .word("deviationSign", \.profiles.time.deviationSign, "What the sign of the deviation in the meter's date-times means."),
        .word("deviationUse", \.profiles.time.deviationUse, "Whether the deviation in the meter's date-times counts."),
        .word("clockBase", \.profiles.time.clockBase, "What the meter's clock shows where no deviation counts."),
        .word("daylightBit", \.profiles.time.daylightBit, "What the daylight-saving bit of the meter's date-times decides."),

        .title("serverSystemTitle", \.serverSystemTitle, "The meter's system title, where it tells none."),
        .flag("acceptsUnverified", \.acceptsUnverified, "Whether messages whose tag cannot be checked are opened all the same."),
        .flag("generalHeaderAuthenticated", \.generalHeaderAuthenticated, "Whether the tag of general-ciphering covers its header."),
        .flag("signedContentLength", \.signedContentLength, "Whether a signature covers the length of the signed content."),
        .word("agreedKeyAlgorithm", \.agreedKeyAlgorithm, "The AlgorithmID in the derivation of agreed keys."),
        .flag("meterCounterRestarts", \.meterCounterRestarts, "Whether the meter's own invocation counters may begin again."),
        .number("counterClient", \.counterClient, .integer(1...65_535), "The client address that reads the invocation counter object."),
    ]
}
