// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Something that changes the server, and of which several go into one request.
protocol ListedChange: Hashable, Sendable {
    /// What came of one.
    associatedtype Outcome: Hashable, Sendable

    /// Where it is kept whether lists of them work.
    static var lists: WritableKeyPath<LearnedBehaviour, LearnedBehaviour.Support> { get }
    /// What has to be agreed on for requests in blocks.
    static var blockTransfer: Conformance { get }

    /// How much longer one makes a list, in octets; in blocks the values do not count.
    func listedOctets(inBlocks: Bool) -> Int
}

extension AttributeWrite: ListedChange {
    typealias Outcome = DataAccessResult

    static var lists: WritableKeyPath<LearnedBehaviour, LearnedBehaviour.Support> { \.writeLists }
    static var blockTransfer: Conformance { .blockTransferWithSetOrWrite }

    func listedOctets(inBlocks: Bool) -> Int { request.octets.count + (inBlocks ? 0 : value.octets.count) }
}

extension MethodInvocation: ListedChange {
    typealias Outcome = ActionOutcome

    static var lists: WritableKeyPath<LearnedBehaviour, LearnedBehaviour.Support> { \.methodLists }
    static var blockTransfer: Conformance { .blockTransferWithAction }

    func listedOctets(inBlocks: Bool) -> Int { method.octets.count + (inBlocks ? 0 : parameter?.octets.count ?? 1) }
}
