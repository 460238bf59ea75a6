// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
public import Fleet
import Jobs

extension Gateway {
    /// Keeps a firmware image, so that orders can name it.
    ///
    /// - Returns: the digest that names it.
    /// - Throws: ``Fleet/GatewayError/valueOutOfRange(pointer:allowed:)`` for an image that is empty or too long.
    public func keepImage(_ octets: [UInt8]) async throws(GatewayError) -> String {
        guard (1...FirmwareOrder.longestImage).contains(octets.count) else {
            throw .valueOutOfRange(pointer: .root, allowed: "an image of 1 to \(FirmwareOrder.longestImage) octets")
        }
        let digest: String
        do throws(SealingError) {
            digest = Hexadecimal.text(of: try SHA256Digest.of(octets)).lowercased()
        } catch {
            throw .internal(reason: "\(error)")
        }
        try await translating(await store.keepImage(FirmwareImage(digest: digest, octets: octets)))
        return digest
    }

    /// Forgets a firmware image that no job needs any more.
    ///
    /// - Throws: ``Fleet/GatewayError/notFound(what:)``, ``Fleet/GatewayError/inUse(what:by:)`` with the jobs that need it.
    public func removeImage(_ digest: String) async throws(GatewayError) {
        let open = JobQuery(states: Set(JobState.allCases.filter { !$0.isFinal }), kind: .firmware)
        let jobs = try await jobList(matching: open, before: nil, limit: 1000)
        // The digest stands nowhere else in an order.
        let users = jobs.filter { String(decoding: $0.specification.payload, as: UTF8.self).contains(digest) }
        guard users.isEmpty else {
            throw .inUse(what: "firmware image \(digest)", by: users.prefix(10).map(\.id.text))
        }
        let isRemoved = try await translating(await store.removeImage(digest))
        guard isRemoved else { throw .notFound(what: "firmware image \(digest)") }
    }

    /// The image with this digest; nil when it is not kept.
    func image(_ digest: String) async throws(GatewayError) -> FirmwareImage? {
        try await translating(await store.image(digest))
    }

    /// Goes on with a firmware transfer as far as it gets.
    func transferFirmware(
        _ order: FirmwareOrder,
        to meter: String,
        _ wishes: Wishes,
        permit: () async throws -> Void,
        isCancelled: () -> Bool,
        report: (FirmwareProgress) async -> Void
    ) async throws -> ImageTransfer.Step {
        let memory = try await directory.memory(of: meter)
        let association = try association(wishes.association, for: .managing, memory)
        guard let image = try await image(order.image) else {
            throw GatewayError.notFound(what: "firmware image \(order.image)")
        }
        let transfer = ImageTransfer(
            access: procedureAccess(memory, association, wishes),
            store: store,
            clock: clock,
            order: order,
            image: image
        )
        return try await transfer.run(permit: permit, isCancelled: isCancelled, report: report)
    }

    /// The identifier of a meter by its text.
    func meterID(_ text: String) throws(GatewayError) -> MeterID {
        guard let id = MeterID(text) else { throw .meterUnknown(text: text) }
        return id
    }
}
