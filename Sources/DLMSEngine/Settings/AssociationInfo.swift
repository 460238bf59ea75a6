// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// What was agreed when an association was opened, and what was learned about the server since.
public struct AssociationInfo: Hashable, Sendable {
    /// What is known about GET with-list in this association.
    public enum ListSupport: Hashable, Sendable {
        /// The server did not agree to multiple references.
        case notNegotiated
        /// Agreed, but not used so far.
        case untried
        /// A list was answered well.
        case works
        /// A list was refused or answered wrongly although agreed; attributes are read one by one since.
        case refused
    }

    /// The services both sides agreed to.
    public var conformance: Conformance
    /// Whether attributes and methods are named by short names here.
    public var usesShortNames = false
    /// The short names of the server's objects as far as they were needed; nil until then.
    public var shortNames: ShortNameDirectory?
    /// The longest APDU the server accepts, in octets, 0 = no limit.
    public var serverMaxReceivePDUSize: UInt16
    /// The longest APDU the server is sent, in octets, whatever it announced; nil = as long as announced.
    public var maxSendPDUSize: UInt16?
    /// Which requests go in general blocks; ``GeneralBlockTransferSettings/Use/never`` where that was not agreed to.
    public var generalBlockTransfer = GeneralBlockTransferSettings.Use.never
    /// What was learned about the server, in this association and in those before.
    public var learned = LearnedBehaviour()

    /// The octets that protection adds to an APDU at the most.
    public var protectionOverhead = 0
    /// What protected the answers to the last request; the least of them when there were several.
    public var answerProtection = AppliedProtection.none
    /// The server's system title, if it is known.
    public var serverSystemTitle: [UInt8]?
    /// The last invocation counter that the server used with the global key; nil = none so far.
    public var lastServerCounter: UInt32?

    /// Describes an association.
    public init(
        conformance: Conformance,
        serverMaxReceivePDUSize: UInt16,
        learned: LearnedBehaviour = LearnedBehaviour()
    ) {
        self.conformance = conformance
        self.serverMaxReceivePDUSize = serverMaxReceivePDUSize
        self.learned = learned
    }

    /// What is known about GET with-list.
    public var lists: ListSupport {
        guard conformance.contains(.multipleReferences) else { return .notNegotiated }
        switch learned.readLists {
        case .untried, .doubted: return .untried
        case .works: return .works
        case .unanswered, .silent, .refused: return .refused
        }
    }

    /// The longest request that may be sent in one APDU, in octets, before it is protected.
    ///
    /// Observed: meters that announce sizes in which no request fits; such a size is taken as the smallest usable one.
    public var requestLimit: Int {
        switch generalBlockTransfer {
        case .forLongRequests, .always: Self.longestRequest
        case .never, .whereNeeded: shortRequestLimit
        }
    }

    /// The longest request that may be sent if its service has no blocks of its own.
    var requestLimitWithoutBlocks: Int {
        generalBlockTransfer == .whereNeeded ? Self.longestRequest : requestLimit
    }

    /// The longest request that may be sent without blocks of any kind.
    var shortRequestLimit: Int {
        let sizes = [serverMaxReceivePDUSize, maxSendPDUSize ?? 0].filter { $0 > 0 }
        let longest = sizes.min().map { Int($0) } ?? WrapperFrame.longestPayload
        return max(min(longest - protectionOverhead, learned.requestLimit ?? longest), 40)
    }

    /// The longest request in general blocks, in octets.
    private static let longestRequest = 1 << 20

    /// How many attributes are read in one request, as far as their length allows; 1 = one by one.
    public func readListLength(_ settings: AssociationSettings) -> Int {
        let usesLists = lists == .works || lists == .untried || mayReadByAccess(settings)
        return usesLists ? learned.listLength(settings.maximumListLength) : 1
    }

    /// Whether several attributes may be read by ACCESS.
    func mayReadByAccess(_ settings: AssociationSettings) -> Bool {
        guard settings.readsByAccess, conformance.contains(.access) else { return false }
        return learned.access.isUsable
    }

    /// Whether writes or invocations may go in a list, by what is known about lists of their service.
    func mayWriteLists(_ support: LearnedBehaviour.Support, _ settings: AssociationSettings) -> Bool {
        guard conformance.contains(.multipleReferences), support.isUsable else { return false }
        return switch settings.writeLists {
        case .never: false
        case .whereReadListsWork: support == .works || learned.longestList > 1
        case .whereAgreed: true
        }
    }
}
