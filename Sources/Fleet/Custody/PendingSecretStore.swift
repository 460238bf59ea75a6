// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity
public import JSONText
public import Timekeeping

/// Keeps secrets that are on their way to a meter beside those in force.
///
/// A key or password is given to a meter in three steps, of which any may be the last before the process dies:
/// ``beginSecretChange(_:_:)`` before anything is sent, then the exchange with the meter, then
/// ``adoptPendingSecrets(_:)`` or ``abandonPendingSecrets(_:)``. While secrets are pending, the meter has either all
/// those of its configuration or all the pending ones, so that trying both finds out which.
public protocol PendingSecretStore: Sendable {
    /// Keeps secrets for a meter before they are sent; durable when this returns.
    ///
    /// - Parameter secrets: the new ones by the places that ``MeterConfiguration/secrets`` has for the present ones.
    /// - Throws: ``StoreError/inUse(by:)`` when others are pending already, ``StoreError/referenceUnknown(_:)`` for a meter
    ///   that does not exist or a place where it has no secret, ``StoreError/sealing(_:)``,
    ///   ``StoreError/unavailable(reason:)``.
    func beginSecretChange(_ id: MeterID, _ secrets: [JSONPointer: Secret]) async throws(StoreError)

    /// The secrets that are on their way to a meter; nil when there are none.
    func pendingSecrets(_ id: MeterID) async throws(StoreError) -> PendingSecrets?

    /// Puts the pending secrets into the meter's configuration and forgets that they were pending, as one step.
    ///
    /// - Returns: the meter as it is now.
    /// - Throws: ``StoreError/referenceUnknown(_:)`` for a meter without pending secrets.
    func adoptPendingSecrets(_ id: MeterID) async throws(StoreError) -> MeterRecord

    /// Forgets pending secrets that the meter has certainly not taken.
    func abandonPendingSecrets(_ id: MeterID) async throws(StoreError)
}

/// Secrets that are on their way to a meter.
public struct PendingSecrets: Hashable, Sendable {
    /// The new secrets by the places they are to take.
    public let secrets: [JSONPointer: Secret]
    /// When they were kept.
    public let begunAt: Timestamp

    /// Makes a record.
    public init(secrets: [JSONPointer: Secret], begunAt: Timestamp) {
        self.secrets = secrets
        self.begunAt = begunAt
    }
}

extension MeterConfiguration {
    /// The configuration with other secrets in some places; a place without a secret is left out of it.
    public func replacing(_ secrets: [JSONPointer: Secret]) throws(JSONMemberError) -> MeterConfiguration {
        var writer = JSONWriter()
        write(into: &writer, secrets: .redacted)
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONReader.parse(writer.octets)
        } catch {
            // What the writer wrote is JSON; a fault here is told like one of the document.
            throw JSONMemberError(.invalid(expected: "a document that reads back", suggestion: nil), at: .root)
        }
        let keeping = self.secrets.merging(secrets) { _, new in new }
        return try MeterConfiguration(document, secrets: .clear(keeping: keeping))
    }
}
