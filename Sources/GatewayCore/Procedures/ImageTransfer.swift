// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import Timekeeping

/// Brings a firmware image to a meter (Blue Book, class 18).
///
/// It can be cut off at any place and called again: it asks the meter for its status and for the blocks it has, and goes
/// on from there. It initiates again only when the meter's blocks are not known to be of this image, because initiating
/// makes the meter forget them.
struct ImageTransfer: Sendable {
    /// What is to be done after one run.
    enum Step: Sendable {
        /// It is done.
        case done(FirmwareOutcome)
        /// The meter is at work; ask again after a while.
        case later(FirmwareProgress)
    }

    /// The values of image_transfer_status.
    private enum Status: Int64 {
        case notInitiated, initiated, verificationInitiated, verificationSuccessful, verificationFailed
        case activationInitiated, activationSuccessful, activationFailed
    }

    /// What the meter tells of its blocks.
    private struct Standing {
        var status: Status
        var present: BitString
        var isOurs: Bool
    }

    private static let classID: UInt16 = 18
    private static let usualName = OBISCode(0, 0, 44, 0, 0, 255)
    /// Observed block sizes are 50 to 2048 octets; others are a mistake.
    private static let blockSizes: ClosedRange<Int64> = 1...65_536
    /// So often blocks are sent that the meter confirmed and does not have.
    private static let mostRounds = 3
    /// So often a link may break without a block in between.
    private static let mostIdleFailures = 3

    let access: ProcedureAccess
    let store: any FirmwareStore
    let clock: any WallClock
    let order: FirmwareOrder
    let image: FirmwareImage

    private var meter: MeterID { access.memory.id }

    /// Goes on with the transfer as far as it gets.
    ///
    /// - Parameters:
    ///   - permit: called right before the image is put in force.
    ///   - isCancelled: asked before each block.
    ///   - report: told how far it is, about once in a hundredth.
    func run(
        permit: () async throws -> Void,
        isCancelled: () -> Bool,
        report: (FirmwareProgress) async -> Void
    ) async throws -> Step {
        let object = try await access.object(of: Self.classID, named: nil, usually: Self.usualName)
        let blockSize = try await blockSize(of: object)
        let blocks = (image.octets.count + blockSize - 1) / blockSize
        var standing = try await standing(of: object, blocks: blocks)
        var sent = 0
        let isResumed = standing.isOurs && (standing.status != .initiated || standing.present.text.contains("1"))
        if !standing.isOurs {
            try await initiate(object)
            standing = Standing(status: .initiated, present: BitString(count: blocks, packedOctets: []), isOurs: true)
        }
        func progress(_ phase: FirmwareProgress.Phase) -> FirmwareProgress {
            FirmwareProgress(phase: phase, blocksDone: blocks, blocks: blocks)
        }
        func outcome(isActivated: Bool) -> Step {
            .done(
                FirmwareOutcome(
                    order: order,
                    size: image.octets.count,
                    blocks: blocks,
                    blocksSent: sent,
                    isResumed: isResumed,
                    isActivated: isActivated
                )
            )
        }
        if standing.status == .initiated {
            // Observed: a meter that confirms a block and does not have it. So the meter has the last word.
            var rounds = 0
            while standing.present.text.contains("0"), rounds < Self.mostRounds, !isCancelled() {
                rounds += 1
                sent += try await send(
                    blockSize,
                    to: object,
                    present: standing.present,
                    isCancelled: isCancelled,
                    report: report
                )
                guard let present = try await presentBlocks(of: object, blocks: blocks) else { break }
                standing.present = present
            }
            guard !isCancelled() else { throw CancellationError() }
            standing.status = try await verify(object)
        }
        switch standing.status {
        case .verificationInitiated: return .later(progress(.verifying))
        case .verificationSuccessful:
            guard order.activates else { return outcome(isActivated: false) }
            try await permit()
            standing.status = try await activate(object)
        case .notInitiated, .initiated, .verificationFailed, .activationInitiated, .activationSuccessful,
            .activationFailed:
            break
        }
        switch standing.status {
        case .activationInitiated: return .later(progress(.activating))
        case .activationSuccessful: return outcome(isActivated: true)
        case .verificationSuccessful: return .later(progress(.activating))
        case .verificationInitiated: return .later(progress(.verifying))
        case .verificationFailed: throw GatewayError.imageRejected(meter, reason: "its verification failed")
        case .activationFailed: throw GatewayError.imageRejected(meter, reason: "its activation failed")
        case .notInitiated, .initiated:
            throw GatewayError.imageRejected(meter, reason: "it has all blocks and does not verify them")
        }
    }

    private func blockSize(of object: MeterObject) async throws(GatewayError) -> Int {
        let values = try await access.read([2, 5], of: object)
        if case .success(.boolean(false))? = values[5] {
            throw .imageRejected(meter, reason: "image transfer is not enabled")
        }
        guard let size = try values[2]?.get().integerValue, Self.blockSizes.contains(size) else {
            throw .protocolError(meter, reason: "it tells no usable image_block_size")
        }
        return Int(size)
    }

    /// What the meter has, and whether that is of our image.
    private func standing(of object: MeterObject, blocks: Int) async throws(GatewayError) -> Standing {
        let status = try await status(of: object)
        let kept = try await translating(await store.firmwareTransfer(meter))
        let isOurOrder = kept?.image == image.digest && kept?.identifier == Hexadecimal.text(of: order.identifier)
        let none = Standing(status: status, present: BitString(count: 0, packedOctets: []), isOurs: false)
        guard isOurOrder, kept?.isInitiated == true, status != .notInitiated else { return none }
        // The meter has forgotten what failed; its blocks have to come again.
        if status == .verificationFailed || status == .activationFailed { return none }
        guard status == .initiated else {
            return Standing(status: status, present: none.present, isOurs: true)
        }
        let present = try await presentBlocks(of: object, blocks: blocks)
        return Standing(status: status, present: present ?? none.present, isOurs: present != nil)
    }

    /// The blocks that the meter has; nil when it does not tell, or tells of another number of blocks.
    ///
    /// Observed: meters without the bitmap tell the first block that is missing.
    private func presentBlocks(of object: MeterObject, blocks: Int) async throws(GatewayError) -> BitString? {
        let values = try await access.read([3, 4], of: object)
        if case .success(.bitString(let present))? = values[3], present.count >= blocks {
            return BitString((0..<blocks).map { present[$0] })
        }
        if let first = try? values[4]?.get().integerValue, (0...Int64(blocks)).contains(first) {
            return BitString((0..<blocks).map { $0 < first })
        }
        return nil
    }

    private func status(of object: MeterObject) async throws(GatewayError) -> Status {
        guard let code = try await access.read(6, of: object).integerValue, let status = Status(rawValue: code) else {
            throw .protocolError(meter, reason: "its image_transfer_status is not known")
        }
        return status
    }

    /// Makes the meter forget all blocks; kept before and after, so that an answer that is lost makes us ask again.
    private func initiate(_ object: MeterObject) async throws(GatewayError) {
        var transfer = FirmwareTransfer(
            image: image.digest,
            identifier: Hexadecimal.text(of: order.identifier),
            isInitiated: false,
            begunAt: clock.now()
        )
        try await keep(transfer)
        try await access.invoke(
            1,
            of: object,
            .structure([.octetString(order.identifier), .doubleLongUnsigned(UInt32(clamping: image.octets.count))])
        )
        transfer.isInitiated = true
        try await keep(transfer)
    }

    private func keep(_ transfer: FirmwareTransfer) async throws(GatewayError) {
        try await translating(await store.keepFirmwareTransfer(transfer, of: meter))
    }

    /// Sends the blocks that the meter does not have; after a broken link it asks again which those are.
    ///
    /// - Returns: how many were sent.
    private func send(
        _ blockSize: Int,
        to object: MeterObject,
        present: BitString,
        isCancelled: () -> Bool,
        report: (FirmwareProgress) async -> Void
    ) async throws(GatewayError) -> Int {
        let count = present.count
        var present = (0..<count).map { present[$0] }
        var (sent, idleFailures) = (0, 0)
        var block = 0
        while block < count {
            if present[block] {
                block += 1
                continue
            }
            if isCancelled() { return sent }
            let start = block * blockSize
            let octets = image.octets[start..<min(start + blockSize, image.octets.count)]
            do throws(GatewayError) {
                sent += 1
                try await access.invoke(
                    2,
                    of: object,
                    .structure([.doubleLongUnsigned(UInt32(clamping: block)), .octetString(Array(octets))])
                )
                present[block] = true
                idleFailures = 0
            } catch {
                idleFailures += 1
                guard error.leavesTransferOpen, idleFailures <= Self.mostIdleFailures else { throw error }
                // The block may have arrived; asking costs less than sending it again.
                guard let found = try await presentAfterFailure(of: object, blocks: count) else { throw error }
                present = (0..<count).map { found[$0] }
                block = present.firstIndex(of: false) ?? count
            }
            if sent % max(count / 100, 1) == 0 {
                let done = present.lazy.filter { $0 }.count
                await report(FirmwareProgress(phase: .transferring, blocksDone: done, blocks: count))
            }
        }
        return sent
    }

    /// The blocks after a failure, when the link is up again at once; nil leaves it to a later attempt.
    private func presentAfterFailure(of object: MeterObject, blocks: Int) async throws(GatewayError) -> BitString? {
        do throws(GatewayError) {
            guard try await status(of: object) == .initiated else { return nil }
            return try await presentBlocks(of: object, blocks: blocks)
        } catch {
            guard error.leavesTransferOpen else { throw error }
            return nil
        }
    }

    private func verify(_ object: MeterObject) async throws(GatewayError) -> Status {
        do throws(GatewayError) {
            try await access.invoke(3, of: object)
        } catch {
            guard error.leavesTransferOpen || error.isMeterResult else { throw error }
        }
        return try await status(of: object)
    }

    private func activate(_ object: MeterObject) async throws(GatewayError) -> Status {
        do throws(GatewayError) {
            try await access.invoke(4, of: object)
        } catch {
            guard error.leavesTransferOpen || error.isMeterResult else { throw error }
        }
        do throws(GatewayError) {
            return try await status(of: object)
        } catch {
            // A meter that puts an image in force restarts.
            guard error.leavesTransferOpen else { throw error }
            return .activationInitiated
        }
    }
}

extension GatewayError {
    /// Whether the link or the time failed and not the transfer, so that it can be taken up where it was.
    var leavesTransferOpen: Bool {
        switch self {
        case .outcomeUnknown, .meterTemporaryFailure: true
        default: isRetryable
        }
    }

    /// Whether the meter answered with a result code, whose reason its status tells better.
    var isMeterResult: Bool { dlms != nil }
}
