// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import JSONText

/// Groups of meters.
extension Gateway {
    /// Finds the meters that a selection is about.
    public var targets: TargetResolver { TargetResolver(store: store) }

    /// A page of groups.
    public func meterGroupPage(after cursor: String?, limit: Int) async throws(GatewayError) -> Page<MeterGroupRecord> {
        try await translating(await store.meterGroups(after: cursor, limit: limit))
    }

    /// The group with this id.
    public func meterGroup(_ id: String) async throws(GatewayError) -> MeterGroupRecord {
        guard let key = MeterGroupID(id) else { throw .notFound(what: "group \(id)") }
        return try await targets.group(key)
    }

    /// Makes or replaces a group.
    public func putMeterGroup(
        _ id: MeterGroupID,
        _ document: JSONValue,
        when precondition: WritePrecondition
    ) async throws(GatewayError) -> WriteResult<MeterGroupRecord> {
        let group = try parsed(MeterGroupDocument(document))
        do throws(StoreError) {
            return try await store.putMeterGroup(id, group.configuration, members: group.meters, when: precondition)
        } catch {
            throw Self.groupRefusal(error)
        }
    }

    /// Adds and removes members of a group that lists them; one with a selector is refused.
    public func changeMembers(
        of id: String,
        _ document: JSONValue,
        when precondition: WritePrecondition
    ) async throws(GatewayError) -> MeterGroupRecord {
        let record = try await meterGroup(id)
        let change = try parsed(MembershipChange(document))
        guard record.configuration.selector == nil else {
            throw .invalidMember(JSONMemberError(.invalid(expected: "for a group without a selector"), at: .root))
        }
        do throws(StoreError) {
            return try await store.changeMembers(of: record.id, change, when: precondition)
        } catch {
            throw Self.groupRefusal(error)
        }
    }

    /// Removes a group.
    public func deleteMeterGroup(_ id: String, when precondition: WritePrecondition) async throws(GatewayError) {
        let record = try await meterGroup(id)
        _ = try await translating(await store.deleteMeterGroup(record.id, when: precondition), removing: "group")
    }

    private static func groupRefusal(_ error: StoreError) -> GatewayError {
        guard case .referenceUnknown(let meter) = error else { return GatewayError(error) }
        return .meterUnknown(text: meter)
    }
}
