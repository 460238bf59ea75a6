// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Writes attributes in their order, several in one request where lists are known to work.
///
/// A write is repeated only if the server said that it does not know the request or that it was too long. Any other end
/// without results leaves the outcome of what was asked unknown.
struct SetPlan: Hashable, Sendable {
    private let writes: [AttributeWrite]
    /// The results of the writes done so far.
    private(set) var response: [DataAccessResult] = []
    /// How many writes the exchange in progress has.
    private(set) var asked = 0

    init(_ writes: [AttributeWrite]) {
        self.writes = writes
    }

    /// Whether the exchange in progress is a list.
    var asksForList: Bool { asked > 1 }

    /// What is known if nothing more comes.
    var partialOutcome: PartialOutcome { PartialOutcome(results: .set(response), unknown: asked) }

    /// The writes to be done next; none when all are done.
    mutating func next(_ info: AssociationInfo, _ settings: AssociationSettings) -> [AttributeWrite] {
        asked = 0
        guard response.count < writes.count else { return [] }
        asked = 1
        guard info.mayWriteLists(info.learned.writeLists, settings) else { return [writes[response.count]] }
        let waiting = writes[response.count...]
        let longest = info.learned.listLength(settings.maximumListLength)
        let mayUseBlocks = settings.sendsListsInBlocks && info.conformance.contains(.blockTransferWithSetOrWrite)
        // Tag, choice, invoke-id and two counts; in blocks also last-block, block number, length and some content.
        var length = mayUseBlocks ? 20 : 9
        asked = 0
        for write in waiting.prefix(longest) {
            length += write.request.octets.count + (mayUseBlocks ? 0 : write.value.octets.count)
            if length > info.requestLimit { break }
            asked += 1
        }
        asked = max(asked, 1)
        return Array(waiting.prefix(asked))
    }

    /// Takes the results of the writes in progress.
    mutating func finished(_ results: [DataAccessResult], _ info: inout AssociationInfo) {
        if asksForList {
            info.learned.writeLists = .works
            info.learned.listWorked(asked)
        } else {
            // Perhaps silent on a list, but not on this.
            info.learned.writeLists.noteAnswerWithout()
        }
        response += results
        asked = 0
    }

    /// The server does not know lists, so nothing of the one in progress was written.
    mutating func listRefused(_ info: inout AssociationInfo) {
        info.learned.writeLists = .refused
        asked = 0
    }

    /// What was to be done next was not even sent.
    mutating func nothingAsked() {
        asked = 0
    }
}
