// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
public import Fleet

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
        do throws(StoreError) {
            try await procedures.keepImage(FirmwareImage(digest: digest, octets: octets))
        } catch {
            throw GatewayError(error)
        }
        return digest
    }

    /// The image with this digest; nil when it is not kept.
    func image(_ digest: String) async throws(GatewayError) -> FirmwareImage? {
        do throws(StoreError) {
            return try await procedures.image(digest)
        } catch {
            throw GatewayError(error)
        }
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
            store: procedures,
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
