// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Invokes methods in their order, several in one request where lists are known to work.
///
/// As with writes, an invocation is repeated only if the server said that it does not know the request or that it was too
/// long.
struct ActionPlan: Hashable, Sendable {
    private let invocations: [MethodInvocation]
    /// Whether one method was asked for outside of a list of methods.
    private let isSingle: Bool
    private var outcomes: [ActionOutcome] = []
    /// How many invocations the exchange in progress has.
    private(set) var asked = 0

    init(_ method: MethodDescriptor, _ parameter: DLMSData?) {
        invocations = [MethodInvocation(method, parameter: parameter)]
        isSingle = true
    }

    init(_ invocations: [MethodInvocation]) {
        self.invocations = invocations
        isSingle = false
    }

    /// Whether the exchange in progress is a list.
    var asksForList: Bool { asked > 1 }

    /// What the methods came to.
    var response: ServiceResponse {
        if isSingle, let outcome = outcomes.first { .action(outcome) } else { .actions(outcomes) }
    }

    /// What is known if nothing more comes.
    var partialOutcome: PartialOutcome { PartialOutcome(results: .actions(outcomes), unknown: asked) }

    /// The methods to be invoked next; none when all were.
    mutating func next(_ info: AssociationInfo, _ settings: AssociationSettings) -> [MethodInvocation] {
        asked = 0
        guard outcomes.count < invocations.count else { return [] }
        asked = 1
        guard info.mayWriteLists(info.learned.methodLists, settings) else { return [invocations[outcomes.count]] }
        let waiting = invocations[outcomes.count...]
        let longest = info.learned.listLength(settings.maximumListLength)
        let mayUseBlocks = settings.sendsListsInBlocks && info.conformance.contains(.blockTransferWithAction)
        // Tag, choice, invoke-id and two counts; in blocks also last-block, block number, length and some content.
        var length = mayUseBlocks ? 20 : 9
        asked = 0
        for invocation in waiting.prefix(longest) {
            length += invocation.method.octets.count + (mayUseBlocks ? 0 : invocation.parameter?.octets.count ?? 1)
            if length > info.requestLimit { break }
            asked += 1
        }
        asked = max(asked, 1)
        return Array(waiting.prefix(asked))
    }

    /// Takes the outcomes of the invocations in progress.
    mutating func finished(_ new: [ActionOutcome], _ info: inout AssociationInfo) {
        if asksForList {
            info.learned.methodLists = .works
            info.learned.listWorked(asked)
        } else {
            // Perhaps silent on a list, but not on this.
            info.learned.methodLists.noteAnswerWithout()
        }
        outcomes += new
        asked = 0
    }

    /// The server does not know lists, so nothing of the one in progress was invoked.
    mutating func listRefused(_ info: inout AssociationInfo) {
        info.learned.methodLists = .refused
        asked = 0
    }

    /// What was to be done next was not even sent.
    mutating func nothingAsked() {
        asked = 0
    }
}
