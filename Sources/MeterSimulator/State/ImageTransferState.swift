// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The firmware transfer of a simulated meter (Blue Book, class 18, image transfer).
public struct ImageTransferState: Hashable, Sendable {
    /// The values of image_transfer_status.
    public enum Status: UInt8, Hashable, Sendable {
        /// Nothing is being transferred.
        case notInitiated = 0
        /// Blocks are awaited or complete.
        case initiated = 1
        /// The image is being checked.
        case verificationInitiated = 2
        /// The image is good.
        case verificationSuccessful = 3
        /// The image is bad.
        case verificationFailed = 4
        /// The image is being put in force.
        case activationInitiated = 5
        /// The image is in force.
        case activationSuccessful = 6
        /// The image could not be put in force.
        case activationFailed = 7
    }

    /// What is to go wrong; written to the data object 0.0.128.44.0.255.
    public enum Fault: UInt8, Hashable, Sendable {
        /// Nothing.
        case none = 0
        /// Verification and activation answer temporary-failure and take a few looks at the status.
        case slow = 1
        /// The verification fails.
        case badImage = 2
        /// The activation fails.
        case badActivation = 3
        /// Image transfer is not enabled.
        case disabled = 4
        /// Blocks are refused with temporary-failure every third time.
        case busy = 5
    }

    /// Nothing was transferred yet.
    public init() {}

    /// How far the transfer is.
    public internal(set) var status = Status.notInitiated
    /// What the client called the image.
    public internal(set) var identifier: [UInt8] = []
    /// How long the image is, in octets.
    public internal(set) var size: UInt32 = 0
    /// The blocks that came; nil for those that did not.
    public internal(set) var blocks: [[UInt8]?] = []
    /// How often each block came.
    public internal(set) var arrivals: [Int] = []
    /// How often a transfer was initiated.
    public internal(set) var initiations = 0
    /// The identifier of the image in force.
    public internal(set) var activeImage: [UInt8] = []
    /// What is to go wrong.
    public internal(set) var fault = Fault.none
    /// So many times the status is still that of work in progress.
    var looksToGo = 0
    private var requests = 0

    /// The image as it came; nil before it is complete.
    public var image: [UInt8]? {
        let complete = blocks.compactMap { $0 }
        return complete.count == blocks.count && !blocks.isEmpty ? Array(complete.joined()) : nil
    }

    mutating func initiate(_ parameter: DLMSData?, blockSize: UInt32) -> ActionResult {
        guard case .structure(let members)? = parameter, members.count == 2,
            case .octetString(let identifier) = members[0], case .doubleLongUnsigned(let size) = members[1]
        else { return .typeUnmatched }
        guard fault != .disabled else { return .readWriteDenied }
        guard size > 0, size <= 16 << 20 else { return .otherReason }
        self.identifier = identifier
        self.size = size
        let count = Int((size + blockSize - 1) / blockSize)
        blocks = Array(repeating: nil, count: count)
        arrivals = Array(repeating: 0, count: count)
        initiations += 1
        status = .initiated
        return .success
    }

    mutating func receive(_ parameter: DLMSData?, blockSize: UInt32) -> ActionResult {
        guard case .structure(let members)? = parameter, members.count == 2,
            case .doubleLongUnsigned(let number) = members[0], case .octetString(let octets) = members[1]
        else { return .typeUnmatched }
        guard status == .initiated else { return .temporaryFailure }
        guard let place = Int(exactly: number), blocks.indices.contains(place) else { return .scopeOfAccessViolated }
        let isLast = place == blocks.count - 1
        let expected = isLast ? Int(size) - place * Int(blockSize) : Int(blockSize)
        guard octets.count == expected else { return .otherReason }
        arrivals[place] += 1
        requests += 1
        if fault == .busy, requests % 3 == 0 { return .temporaryFailure }
        blocks[place] = octets
        return .success
    }

    mutating func verify() -> ActionResult {
        switch status {
        case .verificationSuccessful: return .success
        case .verificationInitiated: return .temporaryFailure
        case .initiated, .verificationFailed: break
        case .notInitiated, .activationInitiated, .activationSuccessful, .activationFailed: return .otherReason
        }
        guard image != nil else { return .otherReason }
        guard fault != .slow else {
            status = .verificationInitiated
            looksToGo = 2
            return .temporaryFailure
        }
        status = fault == .badImage ? .verificationFailed : .verificationSuccessful
        return status == .verificationSuccessful ? .success : .otherReason
    }

    mutating func activate() -> ActionResult {
        switch status {
        case .verificationSuccessful: break
        case .activationInitiated: return .temporaryFailure
        case .activationSuccessful: return .success
        case .notInitiated, .initiated, .verificationInitiated, .verificationFailed, .activationFailed:
            return .otherReason
        }
        guard fault != .slow else {
            status = .activationInitiated
            looksToGo = 2
            return .temporaryFailure
        }
        finishActivation()
        return status == .activationSuccessful ? .success : .otherReason
    }

    /// Lets work in progress go on; called when a client looks at the status.
    mutating func look() {
        guard looksToGo > 0 else { return }
        looksToGo -= 1
        guard looksToGo == 0 else { return }
        if status == .verificationInitiated { status = .verificationSuccessful }
        if status == .activationInitiated { finishActivation() }
    }

    private mutating func finishActivation() {
        guard fault != .badActivation else {
            status = .activationFailed
            return
        }
        status = .activationSuccessful
        activeImage = identifier
    }
}
