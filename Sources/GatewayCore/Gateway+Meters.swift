// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import JSONText
import MeterSessions
import Timekeeping

extension Gateway {
    /// A page of meters.
    ///
    /// - Parameter reachability: how the meters were found when something was last asked of them; nil = any.
    public func meterPage(
        matching query: MeterQuery,
        reachability: MeterReachability? = nil,
        after cursor: String?,
        limit: Int
    ) async throws(GatewayError) -> Page<MeterRecord> {
        guard let reachability else {
            return try await translating(await store.meters(matching: query, after: cursor, limit: limit))
        }
        // How meters were found is in memory, the rest in the database: identifiers alone are looked through until the page is full.
        let found =
            switch reachability {
            case .online, .unknown:
                try await meters(found: reachability, by: query, after: cursor, upTo: limit + 1)
            case .failing, .offline, .breakerOpen:
                try await knownMeters(found: reachability, by: query, after: cursor, upTo: limit + 1)
            }
        var chosen = query
        chosen.among = Array(found.prefix(limit))
        let records = try await translating(await store.meters(matching: chosen, after: nil, limit: limit)).items
        return Page(items: records, next: found.count > limit ? chosen.among?.last?.text : nil)
    }

    /// Meters of which there are many: some of all are looked at, page by page.
    private func meters(
        found reachability: MeterReachability,
        by query: MeterQuery,
        after cursor: String?,
        upTo count: Int
    ) async throws(GatewayError) -> [MeterID] {
        let held = cluster?.shares.held
        var (found, cursor): ([MeterID], String?) = ([], cursor)
        repeat {
            let page = try await translating(
                await store.meterIDs(matching: query, after: cursor, limit: TargetResolver.pageSize)
            )
            found += exchange.news.meters(reachability, among: page.items, held: held)
            cursor = page.next
        } while cursor != nil && found.count < count
        return found
    }

    /// Meters of which there are few: those that are known to be so are looked for.
    private func knownMeters(
        found reachability: MeterReachability,
        by query: MeterQuery,
        after cursor: String?,
        upTo count: Int
    ) async throws(GatewayError) -> [MeterID] {
        var rest = exchange.news.meters(reachability, held: cluster?.shares.held)[...]
        if let last = cursor.flatMap({ MeterID($0) }) { rest = rest.drop { $0 <= last } }
        var found: [MeterID] = []
        while !rest.isEmpty, found.count < count {
            var part = query
            part.among = Array(rest.prefix(TargetResolver.pageSize))
            found += try await translating(
                await store.meterIDs(matching: part, after: nil, limit: TargetResolver.pageSize)
            ).items
            rest = rest.dropFirst(TargetResolver.pageSize)
        }
        return found
    }

    /// The meter with this id.
    public func meter(_ id: String) async throws(GatewayError) -> MeterRecord {
        guard let key = MeterID(id) else { throw .meterUnknown(text: id) }
        if let record = try await translating(await store.meter(key)) { return record }
        throw .meterUnknown(text: id)
    }

    /// The meter whose id is nearest to one that there is not, among those with these labels; nil if none is near.
    ///
    /// Looks at the first meters, and at those that begin as the id does, so that it costs the same in any fleet.
    public func meterLike(_ text: String, labels: LabelSelector) async -> MeterID? {
        let query = MeterQuery(labels: labels)
        var candidates: [MeterID] = []
        for beginning in [nil, String(text.prefix(text.count / 2))] {
            let page = try? await store.meterIDs(matching: query, after: beginning, limit: 200)
            candidates += page?.items ?? []
        }
        return nearest(text, in: candidates.lazy.map(\.text)).flatMap { MeterID($0) }
    }

    /// How a meter differs from the standard: by its model, by its own configuration and by what was learned.
    public func behaviour(of record: MeterRecord) async throws(GatewayError) -> EffectiveBehaviour {
        let kept = try await directory.learnedQuirks(of: record.id)
        return record.configuration.behaviour(learned: kept + (directory.known(record.id)?.selections.learned ?? []))
    }

    /// Forgets what was learned about a meter, so that it is found out anew.
    public func forgetLearned(_ id: String) async throws(GatewayError) {
        let record = try await meter(id)
        _ = try await translating(await store.forgetLearnedQuirks(record.id))
        directory.forget(record.id)
        await access.forgetLearned(of: id)
    }

    /// Releases the association that is open with a meter, after what is in progress and what waits for it.
    public func releaseAssociation(of id: String) async throws(GatewayError) {
        await access.release(meter: try await meter(id).id.text)
    }

    /// How things stand with the channel of a meter; nil when its configuration leads nowhere.
    private func channelStanding(of id: MeterID) async -> ChannelStanding? {
        guard let memory = try? await directory.memory(of: id.text) else { return nil }
        return await channelStanding(memory.route.channel)
    }

    /// How things stand with the link to a meter.
    public func linkStatus(of id: MeterID) async -> LinkStatus {
        let status = await access.status(of: id.text)
        let (present, now) = (ContinuousClock.now, clock.now())
        let memory = directory.known(id)
        let error = status.lastError.map { error in
            GatewayError(
                error,
                ExchangeContext(
                    meter: id,
                    association: status.openAssociation ?? "",
                    channel: memory?.route.channel.text ?? "",
                    endpoint: memory?.route.medium.description ?? "its address",
                    timeouts: memory?.record.configuration.timeouts ?? MeterTimeouts(),
                    service: .get,
                    present: PresentTime(clock)
                ),
                waited: .zero
            )
        }
        return LinkStatus(
            status: status,
            lastContact: status.lastContact.map { now - (present - $0) },
            openSince: status.openSince.map { now - (present - $0) },
            lastError: error,
            lastErrorAt: status.lastErrorAt.map { now - (present - $0) },
            breakerUntil: status.breaker.until.map { now - (present - $0) },
            reachability: exchange.news.reachability(of: id, held: cluster?.shares.held),
            channel: await channelStanding(of: id)
        )
    }

    /// Registers or replaces a meter.
    public func putMeter(
        _ id: MeterID,
        _ document: JSONValue,
        when precondition: WritePrecondition
    ) async throws(GatewayError) -> WriteResult<MeterRecord> {
        try await administration.put(id, document, when: precondition)
    }

    /// Changes members of a meter (RFC 7396), if it has one of the revisions given.
    public func patchMeter(
        _ id: String,
        _ patch: JSONValue,
        ifRevision revisions: Set<Revision>?
    ) async throws(GatewayError) -> MeterRecord {
        guard let key = MeterID(id) else { throw .meterUnknown(text: id) }
        return try await administration.patch(key, patch, ifRevision: revisions)
    }

    /// Removes a meter.
    public func deleteMeter(_ id: String, when precondition: WritePrecondition) async throws(GatewayError) {
        guard let key = MeterID(id) else { throw .meterUnknown(text: id) }
        // So that what was answered before does not come after it, and into another meter of the same name.
        await settleReadings()
        try await administration.delete(key, when: precondition)
        await access.forget(meter: id)
    }
}
