// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Carries out the items of an ACCESS request in their order, in as few requests as the server's PDU size allows.
struct AccessPlan: Hashable, Sendable {
    private let items: [AccessItem]
    let breaksOnError: Bool
    private var outcomes: [AccessOutcome] = []
    /// How many items the exchange in progress has.
    private(set) var asked = 0

    init(_ items: [AccessItem], breaksOnError: Bool) {
        self.items = items
        self.breaksOnError = breaksOnError
    }

    /// Whether nothing is changed at the server.
    var isRead: Bool { items.allSatisfy(\.isRead) }

    /// What the items came to.
    var response: ServiceResponse { .access(outcomes) }

    /// What is known if nothing more comes.
    var partialOutcome: PartialOutcome { PartialOutcome(results: .access(outcomes), unknown: asked) }

    /// The items to be done next; none when all are done.
    mutating func next(_ info: AssociationInfo) -> [AccessItem] {
        asked = 0
        if breaksOnError, outcomes.contains(where: { !$0.isSuccess }) {
            outcomes += Array(repeating: .skipped, count: items.count - outcomes.count)
        }
        // Tag, id, date-time and two counts of up to three octets.
        var length = AccessExchange.overhead
        for item in items[outcomes.count...] {
            length += AccessExchange.length(of: item)
            if asked > 0, length > info.requestLimitWithoutBlocks { break }
            asked += 1
        }
        return Array(items[outcomes.count...].prefix(asked))
    }

    /// Takes the outcomes of the items in progress.
    mutating func finished(_ new: [AccessOutcome], _ info: inout AssociationInfo) {
        info.learned.access = .works
        outcomes += new
        asked = 0
    }

    /// What was to be done next was not even sent.
    mutating func nothingAsked() {
        asked = 0
    }
}
