// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport

/// What is remembered of a meter when its channel is gone.
///
/// Belongs to the actor that made it and never leaves it; a table of references has no room for many that are to come.
final class MeterRecord {
    var channel: ChannelKey
    var lastContact: ContinuousClock.Instant?
    var lastFailure: LastFailure?
    var association: AssociationInfo?
    /// How objects are named in each association, by its name.
    var naming: [String: LearnedNaming] = [:]
    /// What was learned about the meter, and by which revision of its configuration.
    private var learned: (revision: Int, behaviour: LearnedBehaviour)?
    /// Whether the meter is left alone; nil while it answers.
    var breaker: Breaker?
    var exchanges = 0
    var failures = 0
    var connections = 0
    /// Octets over connections that have ended.
    var ended = ConnectionCounters()

    init(channel: ChannelKey) {
        self.channel = channel
    }

    /// What is known about a meter, beginning with what its settings know.
    func learned(_ revision: Int, _ settings: AssociationSettings) -> LearnedBehaviour {
        guard let learned, learned.revision == revision else { return settings.learned }
        return learned.behaviour
    }

    /// What was learned since the start, if anything.
    var learnedBehaviour: LearnedBehaviour? { learned?.behaviour }

    /// Keeps what was learned; another configuration forgets it.
    func learn(_ behaviour: LearnedBehaviour, _ revision: Int) {
        learned = (revision, behaviour)
    }

    /// Forgets what was learned.
    func forgetLearned() {
        learned = nil
    }
}
