// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension Quirk {
    // swift-format-ignore
    /// Every option there is, in the order in which they are shown; docs/meter-quirks.md explains each.
    public static let all: [Quirk] = [
        .number("withListMaximum", \.withListMaximum, .integer(1...500), "The most attributes in one request with a list; 1 asks one by one."),
        .number("maxSendPDU", \.maxSendPDU, .integer(40...65_535), "The longest APDU in octets that the meter is sent, whatever it announces."),
        .number("maxReceivePDU", \.maxReceivePDU, .integer(40...65_535), "The longest APDU in octets that the gateway says it takes."),
        .flag("release", \.release, "Whether an association is released before the connection is closed."),
        .word("releaseContent", \.releaseContent, "What the release request of a protected association carries."),
        .word("callingSystemTitle", \.callingSystemTitle, "When the AARQ tells the client's system title."),
        .number("generalBlockWindow", \.generalBlockWindow, .integer(0...63), "The window of general block transfer; 0 does not offer it."),
        .word("actionBlockContent", \.actionBlockContent, "What the blocks of a long answer to a method carry."),
        .number("reconnectPause", \.reconnectPause, .integer(0...60_000), "Milliseconds to leave the meter alone after its connection was closed."),
        .number("mbusMethodOffset", \.mbusMethodOffset, .oneOf([0x60, 0x68]), "The short-name offset of the first method of M-Bus clients of version 0."),
        .number("securitySetupMethodOffset", \.securitySetupMethodOffset, .oneOf([0x28, 0x30]), "The short-name offset of the first method of security setups of version 0."),
        .number("hdlcAddressOctets", \.hdlcAddressOctets, .oneOf([1, 2, 4]), "The length of the meter's HDLC address where the meter's own configuration gives none."),

        .word("selectiveAccess", \.selectiveAccess, "What the meter can do of selective access to profile buffers."),
        .word("rangeStart", \.rangeStart, "Whether the meter answers the row at the start of a range."),
        .word("rangeEnd", \.rangeEnd, "Whether the meter answers the row at the end of a range."),
        .word("rangeAlignment", \.rangeAlignment, "What the edges of a range must be multiples of."),
        .word("rangeDeviation", \.rangeDeviation, "Whether the edges of a range tell their deviation from UTC."),
        .word("rangeClock", \.rangeClock, "In what time the edges of a range stand."),
        .word("restrictingColumn", \.restrictingColumn, "The column that a range restricts."),
        .word("nullCells", \.nullCells, "What a null cell of a profile means."),
        .word("bufferOrder", \.bufferOrder, "The order of rows in a profile's buffer."),
        .word("scalers", \.scalers, "Whether the scalers of a profile's columns are kept or read each time."),

        .word("deviationSign", \.deviationSign, "How the deviation in the meter's date-times is meant."),
        .word("clockBasis", \.clockBasis, "In what time the meter counts where its date-times tell no deviation."),

        .title("serverSystemTitle", \.serverSystemTitle, "The meter's system title, where it tells none."),
        .flag("acceptsUnverified", \.acceptsUnverified, "Whether messages whose tag cannot be checked are opened all the same."),
        .flag("generalHeaderAuthenticated", \.generalHeaderAuthenticated, "Whether the tag of general-ciphering covers its header."),
        .flag("signedContentLength", \.signedContentLength, "Whether a signature covers the length of the signed content."),
        .word("agreedKeyAlgorithm", \.agreedKeyAlgorithm, "The AlgorithmID in the derivation of agreed keys."),
        .flag("meterCounterRestarts", \.meterCounterRestarts, "Whether the meter's own invocation counters may begin again."),
        .number("counterClient", \.counterClient, .integer(1...65_535), "The client address that reads the invocation counter object."),
    ]
}
