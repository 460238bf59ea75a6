// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import MeterSessions
import Timekeeping

/// Registers, changes and removes meters, shared channels and groups of them.
struct MeterAdministration: Sendable {
    let meters: any MeterStore
    let channels: any ChannelStore
    let learned: any LearnedQuirkStore
    let directory: MeterDirectory
    let dialIns: DialInIdentities

    /// The nearest name is looked for among as many channels and groups.
    private static let mostSuggestions = 1000

    /// Registers or replaces a meter.
    ///
    /// - Parameter document: the JSON form; secrets given as `{"set":true}` are kept.
    func put(
        _ id: MeterID,
        _ document: JSONValue,
        when precondition: WritePrecondition
    ) async throws(GatewayError) -> WriteResult<MeterRecord> {
        let present = try await stored(id)
        let configuration = try Self.configuration(document, keeping: present)
        return try await put(id, configuration, when: precondition)
    }

    /// Changes members of a meter (RFC 7396).
    func patch(
        _ id: MeterID,
        _ patch: JSONValue,
        ifRevision: Set<Revision>?
    ) async throws(GatewayError) -> MeterRecord {
        guard let present = try await stored(id) else { throw .meterUnknown(text: id.text) }
        if let ifRevision, !ifRevision.contains(present.revision) { throw .etagMismatch(current: present.revision) }
        let configuration = try parsed(present.configuration.merging(patch: patch))
        // Nobody may have changed what the patch was applied to.
        return try await put(id, configuration, when: .ifRevision([present.revision])).record
    }

    /// Removes a meter.
    func delete(_ id: MeterID, when precondition: WritePrecondition) async throws(GatewayError) {
        let existed = try await translating(await meters.deleteMeter(id, when: precondition))
        directory.forget(id, isRemoved: true)
        dialIns.note(id, nil)
        guard existed else { throw .meterUnknown(text: id.text) }
    }

    /// Makes or replaces a shared channel.
    func putChannel(
        _ id: ChannelID,
        _ document: JSONValue,
        when precondition: WritePrecondition
    ) async throws(GatewayError) -> WriteResult<ChannelRecord> {
        let configuration = try Self.channelConfiguration(document)
        do throws(StoreError) {
            let result = try await channels.putChannel(id, configuration, when: precondition)
            dialIns.note(id, configuration)
            directory.forgetAll()
            return result
        } catch {
            throw await refusal(error)
        }
    }

    /// Removes a shared channel.
    func deleteChannel(_ id: ChannelID, when precondition: WritePrecondition) async throws(GatewayError) {
        let existed = try await translating(await channels.deleteChannel(id, when: precondition))
        directory.forgetAll()
        dialIns.note(id, nil)
        guard existed else { throw .channelUnknown(text: id.text) }
    }

    /// Makes or replaces a channel group.
    func putChannelGroup(
        _ id: ChannelGroupID,
        _ document: JSONValue,
        when precondition: WritePrecondition
    ) async throws(GatewayError) -> WriteResult<ChannelGroupRecord> {
        let configuration = try parsed(ChannelGroupConfiguration(document, at: .root))
        let result = try await translating(await channels.putChannelGroup(id, configuration, when: precondition))
        directory.forgetAll()
        return result
    }

    /// Removes a channel group.
    func deleteChannelGroup(_ id: ChannelGroupID, when precondition: WritePrecondition) async throws(GatewayError) {
        let existed = try await translating(
            await channels.deleteChannelGroup(id, when: precondition),
            removing: "channel group"
        )
        directory.forgetAll()
        guard existed else { throw .channelUnknown(text: id.text) }
    }

    private func put(
        _ id: MeterID,
        _ configuration: MeterConfiguration,
        when precondition: WritePrecondition
    ) async throws(GatewayError) -> WriteResult<MeterRecord> {
        try Self.check(configuration)
        do throws(StoreError) {
            let result = try await meters.putMeter(id, configuration, when: precondition)
            // What was learned may have had its reason in what was changed.
            _ = try await learned.forgetLearnedQuirks(id)
            directory.forget(id)
            dialIns.note(id, configuration)
            return result
        } catch {
            throw await refusal(error)
        }
    }

    /// Makes sure that a meter can be worked with as it is configured.
    static func check(_ configuration: MeterConfiguration) throws(GatewayError) {
        try parsed(configuration.checkQuirks())
        try MeterRoute.check(configuration)
        guard ZoneInfo.named(configuration.timeZone) != nil else {
            throw .invalidMember(.unknownTimeZone(configuration.timeZone, at: .root.appending("timeZone")))
        }
    }

    /// Why the store did not take a record; for a channel or group that does not exist, with the nearest one.
    func refusal(_ error: StoreError) async -> GatewayError {
        guard case .referenceUnknown(let text) = error else { return GatewayError(error) }
        let known =
            ((try? await channels.channels(after: nil, limit: Self.mostSuggestions))?.items.map(\.id.text) ?? [])
            + ((try? await channels.channelGroups(after: nil, limit: Self.mostSuggestions))?.items.map(\.id.text) ?? [])
        return .channelUnknown(text: text, suggestion: nearest(text, in: known))
    }

    private func stored(_ id: MeterID) async throws(GatewayError) -> MeterRecord? {
        try await translating(await meters.meter(id))
    }

    /// Reads a meter, and takes what the document leaves out of its secrets from what is stored.
    static func configuration(
        _ document: JSONValue,
        keeping present: MeterRecord?
    ) throws(GatewayError) -> MeterConfiguration {
        try parsed(
            MeterConfiguration(
                document,
                at: .root,
                secrets: .clear(keeping: present?.configuration.secrets ?? [:])
            )
        )
    }

    /// Reads a shared channel, and makes sure that it can be worked with.
    static func channelConfiguration(_ document: JSONValue) throws(GatewayError) -> ChannelConfiguration {
        let configuration = try parsed(ChannelConfiguration(document, at: .root))
        try MeterRoute.check(configuration)
        return configuration
    }
}
