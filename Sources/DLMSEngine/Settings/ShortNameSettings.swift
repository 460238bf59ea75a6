// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// How short names are used when an association uses them at all.
public struct ShortNameSettings: Hashable, Sendable {
    /// The services offered to the server in the AARQ; the server answers with a subset.
    public var proposedConformance: Conformance
    /// The short names as they were read before; nil = they are read when they are first needed.
    ///
    /// Each object is checked by its logical name before it is first used, because a server's names may have changed.
    public var known: ShortNameDirectory?
    /// Where methods begin.
    public var methods: ShortNameMethods

    /// What a client proposes unless told otherwise: SN services with lists, selections and block transfer.
    public static let standardConformance: Conformance = [
        .read, .write, .unconfirmedWrite, .blockTransferWithGetOrRead, .blockTransferWithSetOrWrite,
        .multipleReferences, .informationReport, .parameterizedAccess,
    ]

    /// The usual settings, without any names known.
    public init(
        proposedConformance: Conformance = ShortNameSettings.standardConformance,
        known: ShortNameDirectory? = nil,
        methods: ShortNameMethods = .standard
    ) {
        self.proposedConformance = proposedConformance
        self.known = known
        self.methods = methods
    }
}
