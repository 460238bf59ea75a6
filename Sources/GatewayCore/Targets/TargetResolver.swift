// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import Timekeeping

/// Finds the meters that a selection is about, page by page, so that memory does not grow with the fleet.
public struct TargetResolver: Sendable {
    let store: any MeterStore & MeterGroupStore

    /// How many meters one look into the database gives.
    static let pageSize = 2000

    /// Refuses a selection that names a meter or a group that does not exist.
    ///
    /// - Throws: ``Fleet/GatewayError/meterUnknown(text:)``, ``Fleet/GatewayError/notFound(what:)``.
    public func check(_ selection: TargetSelection) async throws(GatewayError) {
        switch selection {
        case .meters(let meters):
            var rest = meters[...]
            while !rest.isEmpty {
                let part = Array(rest.prefix(Self.pageSize))
                rest = rest.dropFirst(Self.pageSize)
                let known = try await translating(await store.knownMeters(among: part))
                if let unknown = part.first(where: { !known.contains($0) }) {
                    throw .meterUnknown(text: unknown.text)
                }
            }
        case .group(let id): _ = try await group(id)
        case .selector: break
        }
    }

    /// Meters of a selection after a place; those named one by one come in their order, others sorted.
    ///
    /// Meters that were removed since are left out.
    ///
    /// - Parameters:
    ///   - cursor: ``Fleet/Page/next`` of the page before; nil begins.
    ///   - limit: how many at most.
    public func page(
        of selection: TargetSelection,
        after cursor: String? = nil,
        limit: Int
    ) async throws(GatewayError) -> Page<MeterID> {
        switch selection {
        case .meters(let meters):
            let start = cursor.flatMap { Int($0) } ?? 0
            let part = Array(meters.dropFirst(start).prefix(limit))
            let known = try await translating(await store.knownMeters(among: part))
            let end = start + part.count
            return Page(items: part.filter(known.contains), next: end < meters.count ? "\(end)" : nil)
        case .group(let id):
            if let selector = try await group(id).configuration.selector {
                return try await page(matching: MeterQuery(labels: selector), after: cursor, limit: limit)
            }
            return try await page(matching: MeterQuery(group: id), after: cursor, limit: limit)
        case .selector(let selector):
            return try await page(matching: MeterQuery(labels: selector), after: cursor, limit: limit)
        }
    }

    /// Hands all meters of a selection to a body, page by page.
    public func forEachPage(
        of selection: TargetSelection,
        _ body: ([MeterID]) async throws(GatewayError) -> Void
    ) async throws(GatewayError) {
        var cursor: String?
        repeat {
            let page = try await page(of: selection, after: cursor, limit: Self.pageSize)
            if !page.items.isEmpty { try await body(page.items) }
            cursor = page.next
        } while cursor != nil
    }

    /// How many meters a selection is about.
    public func count(of selection: TargetSelection) async throws(GatewayError) -> Int {
        let query: MeterQuery
        switch selection {
        case .meters:
            var count = 0
            try await forEachPage(of: selection) { page throws(GatewayError) in count += page.count }
            return count
        case .group(let id):
            query = try await group(id).configuration.selector.map { MeterQuery(labels: $0) } ?? MeterQuery(group: id)
        case .selector(let selector): query = MeterQuery(labels: selector)
        }
        return try await translating(await store.meterCount(matching: query))
    }

    private func page(
        matching query: MeterQuery,
        after cursor: String?,
        limit: Int
    ) async throws(GatewayError) -> Page<MeterID> {
        try await translating(await store.meterIDs(matching: query, after: cursor, limit: limit))
    }

    func group(_ id: MeterGroupID) async throws(GatewayError) -> MeterGroupRecord {
        let record = try await translating(await store.meterGroup(id))
        guard let record else { throw .notFound(what: "group \(id.text)") }
        return record
    }
}
