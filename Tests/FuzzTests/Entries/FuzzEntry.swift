// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A place where octets from outside enter, with what must hold for any of them.
///
/// The same code runs under libFuzzer and over the corpus in the tests.
enum FuzzEntry: String, CaseIterable, Sendable {
    /// Any APDU.
    case apdu
    /// A COSEM value: as a tree, as a stream in pieces, and its compact arrays.
    case data
    /// A stream of HDLC frames, the APDUs in them, and the parameters of a link.
    case hdlc
    /// An HDLC line with a client and a meter on it, and the time that passes there.
    case link
    /// The APDUs of association control and what they carry.
    case association
    /// Protected APDUs: taking the protection off, and what is inside.
    case deciphering
    /// A stream of messages of the text protocol.
    case text
    /// What senders push: frames, segments, blocks.
    case push
    /// What a meter answers in an association, in clear or within protection that fits.
    case answer
    /// The buffer of a profile: its cells, its times.
    case rows

    /// The longest input.
    static let longestInput = 65_536

    /// What was wrong with the handling of an input; nil when all is well.
    func fault(of input: [UInt8]) -> String? {
        switch self {
        case .apdu: APDUEntry.fault(of: input)
        case .data: DataEntry.fault(of: input)
        case .hdlc: HDLCEntry.fault(of: input)
        case .link: LinkEntry.fault(of: input)
        case .association: AssociationEntry.fault(of: input)
        case .deciphering: DecipheringEntry.fault(of: input)
        case .text: TextEntry.fault(of: input)
        case .push: PushEntry.fault(of: input)
        case .answer: AnswerEntry.fault(of: input)
        case .rows: RowsEntry.fault(of: input)
        }
    }
}
