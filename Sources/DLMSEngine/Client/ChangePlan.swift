// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Writes attributes.
typealias SetPlan = ChangePlan<AttributeWrite>

/// Invokes methods.
typealias ActionPlan = ChangePlan<MethodInvocation>

/// Makes changes in their order, several in one request where lists are known to work.
///
/// A change is repeated only if the server said that it does not know the request or that it was too long. Any other end
/// without results leaves the outcome of what was asked unknown.
struct ChangePlan<Change: ListedChange>: Hashable, Sendable {
    private let changes: [Change]
    /// Whether one change was asked for outside of a list.
    private let isSingle: Bool
    /// What came of the changes made so far.
    private(set) var outcomes: [Change.Outcome] = []
    /// How many changes the exchange in progress has.
    private(set) var asked = 0

    init(_ changes: [Change]) {
        self.changes = changes
        isSingle = false
    }

    init(single change: Change) {
        changes = [change]
        isSingle = true
    }

    /// Whether the exchange in progress is a list.
    var asksForList: Bool { asked > 1 }

    /// The changes to be made next; none when all are made.
    mutating func next(_ info: AssociationInfo, _ settings: AssociationSettings) -> [Change] {
        asked = 0
        guard outcomes.count < changes.count else { return [] }
        asked = 1
        guard info.mayWriteLists(info.learned[keyPath: Change.lists], settings) else {
            return [changes[outcomes.count]]
        }
        let waiting = changes[outcomes.count...]
        let longest = info.learned.listLength(settings.maximumListLength)
        let mayUseBlocks = settings.sendsListsInBlocks && info.conformance.contains(Change.blockTransfer)
        // Tag, choice, invoke-id and two counts; in blocks also last-block, block number, length and some content.
        var length = mayUseBlocks ? 20 : 9
        asked = 0
        for change in waiting.prefix(longest) {
            length += change.listedOctets(inBlocks: mayUseBlocks)
            if length > info.requestLimit { break }
            asked += 1
        }
        asked = max(asked, 1)
        return Array(waiting.prefix(asked))
    }

    /// Takes what came of the changes in progress.
    mutating func finished(_ new: [Change.Outcome], _ info: inout AssociationInfo) {
        if asksForList {
            info.learned[keyPath: Change.lists] = .works
            info.learned.listWorked(asked)
        } else {
            // Perhaps silent on a list, but not on this.
            info.learned[keyPath: Change.lists].noteAnswerWithout()
        }
        outcomes += new
        asked = 0
    }

    /// The server does not know lists, so nothing of the one in progress was done.
    mutating func listRefused(_ info: inout AssociationInfo) {
        info.learned[keyPath: Change.lists] = .refused
        asked = 0
    }

    /// What was to be done next was not even sent.
    mutating func nothingAsked() {
        asked = 0
    }
}

extension ChangePlan<AttributeWrite> {
    /// What is known if nothing more comes.
    var partialOutcome: PartialOutcome { PartialOutcome(results: .set(outcomes), unknown: asked) }
}

extension ChangePlan<MethodInvocation> {
    /// What the methods came to.
    var response: ServiceResponse {
        if isSingle, let outcome = outcomes.first { .action(outcome) } else { .actions(outcomes) }
    }

    /// What is known if nothing more comes.
    var partialOutcome: PartialOutcome { PartialOutcome(results: .actions(outcomes), unknown: asked) }
}
