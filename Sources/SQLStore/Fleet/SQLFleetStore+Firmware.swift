// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import Fleet
import Timekeeping

extension SQLFleetStore: FirmwareStore {
    /// How many octets of an image one row holds.
    private static let pieceLength = 65_536

    /// Keeps an image.
    public func keepImage(_ image: FirmwareImage) async throws(StoreError) {
        let now = clock.now()
        try await write { connection in
            let isNew = try connection.execute(
                """
                INSERT INTO firmware_images (digest, size, created_at) VALUES (:digest, :size, :now)
                ON CONFLICT (digest) DO NOTHING
                """,
                [
                    "digest": .text(image.digest), "size": .integer(Int64(image.octets.count)), "now": .moment(now),
                ]
            )
            guard isNew > 0 else { return }
            let starts = stride(from: 0, to: image.octets.count, by: Self.pieceLength)
            for (ordinal, start) in starts.enumerated() {
                let piece = image.octets[start..<min(start + Self.pieceLength, image.octets.count)]
                try connection.execute(
                    "INSERT INTO firmware_pieces (digest, ordinal, octets) VALUES (:digest, :ordinal, :octets)",
                    [
                        "digest": .text(image.digest), "ordinal": .integer(Int64(ordinal)),
                        "octets": .text(Hexadecimal.text(of: Array(piece))),
                    ]
                )
            }
        }
    }

    /// The image with this digest.
    public func image(_ digest: String) async throws(StoreError) -> FirmwareImage? {
        let pieces = try await read { connection in
            try connection.query(
                "SELECT octets FROM firmware_pieces WHERE digest = :digest ORDER BY ordinal",
                ["digest": .text(digest)]
            ).map { row throws(SQLError) in try row.text("octets") }
        }
        guard !pieces.isEmpty else { return nil }
        var octets: [UInt8] = []
        for piece in pieces {
            guard let decoded = Hexadecimal.octets(of: piece) else {
                throw .damaged(record: digest, reason: "a piece of the image is not hexadecimal")
            }
            octets += decoded
        }
        return FirmwareImage(digest: digest, octets: octets)
    }

    /// Forgets an image.
    public func removeImage(_ digest: String) async throws(StoreError) -> Bool {
        try await write { connection in
            let parameters: [String: SQLValue] = ["digest": .text(digest)]
            try connection.execute("DELETE FROM firmware_pieces WHERE digest = :digest", parameters)
            return try connection.execute("DELETE FROM firmware_images WHERE digest = :digest", parameters) > 0
        }
    }

    /// The transfer that was begun last at a meter.
    public func firmwareTransfer(_ meter: MeterID) async throws(StoreError) -> FirmwareTransfer? {
        try await read { connection in
            try connection.query(
                "SELECT digest, identifier, initiated, begun_at FROM firmware_transfers WHERE meter_id = :id",
                ["id": .text(meter.text)]
            ).first.map { row throws(SQLError) in
                FirmwareTransfer(
                    image: try row.text("digest"),
                    identifier: try row.text("identifier"),
                    isInitiated: try row.flag("initiated"),
                    begunAt: try row.moment("begun_at")
                )
            }
        }
    }

    /// Keeps how far a transfer is.
    public func keepFirmwareTransfer(_ transfer: FirmwareTransfer, of meter: MeterID) async throws(StoreError) {
        try await write { [meters] connection in
            guard try meters.contains(meter.text, on: connection) else {
                throw StoreError.referenceUnknown(meter.text)
            }
            try connection.execute(
                """
                INSERT INTO firmware_transfers (meter_id, digest, identifier, initiated, begun_at)
                VALUES (:id, :digest, :identifier, :initiated, :begun_at)
                ON CONFLICT (meter_id) DO UPDATE SET digest = excluded.digest, identifier = excluded.identifier,
                    initiated = excluded.initiated, begun_at = excluded.begun_at
                """,
                [
                    "id": .text(meter.text), "digest": .text(transfer.image),
                    "identifier": .text(transfer.identifier), "initiated": .flag(transfer.isInitiated),
                    "begun_at": .moment(transfer.begunAt),
                ]
            )
        }
    }
}
