// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Takes what one sender pushes and cuts it into messages: wrapper or HDLC frames, segments, general blocks.
///
/// The framing is found out from the first octets. What is damaged costs only itself: behind it the next frame is looked
/// for. Whatever comes, no more is kept than one message that is not complete for each of a few ways.
///
/// ```
///                 ┌─ 7E ──────▶ HDLC ────frames──▶ segments ─┐
///  octets ──▶ undecided                                      ├─▶ general blocks ─▶ gateway prefix ─▶ message
///                 └─ 00 01 ───▶ wrapper ──frames─────────────┘
/// ```
public struct PushMachine: Sendable {
    /// What is to be done after an event.
    public enum Action: Hashable, Sendable {
        /// Octets to be sent at once: general blocks are acknowledged.
        case send([UInt8])
        /// A message is complete.
        case deliver(PushedMessage)
        /// So many octets did not become a message.
        case lose(PushLoss, octets: Int)
    }

    private enum Framing: Sendable {
        case undecided([UInt8])
        case wrapper(WrapperScanner)
        case hdlc(PushFrames)
    }

    private struct Blocks: Sendable {
        let route: PushRoute
        var layer: GeneralBlockTransferLayer
    }

    /// How many transfers in blocks there may be at once; the oldest is given up.
    private static let mostTransfers = 4
    /// Content of the blocks of an answer.
    private static let blockLength = 100

    private let longest: Int
    private var framing = Framing.undecided([])
    private var transfers: [Blocks] = []

    /// Makes a machine for one sender.
    ///
    /// - Parameter longest: the longest APDU that is taken, in octets, at least 64 and at most 65 535.
    public init(longest: Int = 65_535) {
        self.longest = min(max(longest, 64), WrapperFrame.longestPayload)
    }

    /// Whether a message has begun whose rest is on its way.
    public var isOpen: Bool { framesPendingCount > 0 || transfers.contains { $0.layer.isOpen } }

    /// Whether an answer to the last message of some way goes in general blocks, for which its transfer is kept.
    public var answersInBlocks: Bool { transfers.contains { $0.layer.isActive } }

    /// How many octets wait for the rest of their frame, segment or transfer in blocks.
    public var pendingCount: Int { framesPendingCount + transfers.reduce(0) { $0 + $1.layer.pendingCount } }

    private var framesPendingCount: Int {
        switch framing {
        case .undecided(let octets): octets.count
        case .wrapper(let scanner): scanner.pendingCount
        case .hdlc(let frames): frames.pendingCount
        }
    }

    /// Takes octets of a stream, however it is cut.
    public mutating func received(_ octets: some Collection<UInt8>) -> [Action] {
        var actions: [Action] = []
        switch framing {
        case .undecided(let before):
            decide(before + octets, &actions)
        case .wrapper(var scanner):
            framing = .undecided([])
            scanner.push(octets)
            take(&scanner, &actions)
            framing = .wrapper(scanner)
        case .hdlc(var frames):
            framing = .undecided([])
            frames.push(octets)
            take(&frames, isSilent: false, &actions)
            framing = .hdlc(frames)
        }
        return actions
    }

    /// Takes a datagram: one frame of the wrapper, frames of HDLC, or an APDU without any frame.
    ///
    /// A frame that is not complete at the end of its datagram never will be; segments and blocks go on in the next.
    public mutating func receivedDatagram(_ octets: [UInt8]) -> [Action] {
        guard let first = octets.first else { return [] }
        var actions: [Action] = []
        if first == HDLCFrame.flag {
            var frames = if case .hdlc(let frames) = framing { frames } else { PushFrames(longest: longest) }
            framing = .undecided([])
            frames.push(octets)
            take(&frames, isSilent: true, &actions)
            framing = .hdlc(frames)
        } else if first == 0 {
            var scanner = WrapperScanner(longest: longest)
            scanner.push(octets)
            take(&scanner, &actions)
            if scanner.pendingCount > 0 { actions.append(.lose(.incomplete, octets: scanner.pendingCount)) }
        } else if octets.count > longest {
            actions.append(.lose(.tooLong, octets: octets.count))
        } else {
            arrived(octets, .bare, &actions)
        }
        return actions
    }

    /// Nothing has come for so long that the rest of what has begun is not to be expected.
    public mutating func silence() -> [Action] {
        var actions: [Action] = []
        switch framing {
        case .undecided(let octets):
            if !octets.isEmpty { actions.append(.lose(.noise, octets: octets.count)) }
            framing = .undecided([])
        case .wrapper(let scanner):
            if scanner.pendingCount > 0 { actions.append(.lose(.incomplete, octets: scanner.pendingCount)) }
            framing = .wrapper(WrapperScanner(longest: longest))
        case .hdlc(var frames):
            framing = .undecided([])
            take(&frames, isSilent: true, &actions)
            let open = frames.pendingCount
            if open > 1 { actions.append(.lose(.incomplete, octets: open)) }
            framing = .hdlc(PushFrames(longest: longest))
        }
        for transfer in transfers where transfer.layer.isOpen {
            actions.append(.lose(.incomplete, octets: 0))
        }
        transfers.removeAll()
        return actions
    }

    /// The octets that take an answer back to the sender of a message; in general blocks if the message came so and was
    /// acknowledged block by block.
    public mutating func answer(_ apdu: [UInt8], to route: PushRoute) -> [[UInt8]] {
        guard let index = transfers.firstIndex(where: { $0.route == route && $0.layer.isActive }) else {
            return route.frames(apdu)
        }
        let blocks = transfers[index].layer.answer(apdu, blockLength: Self.blockLength)
        return blocks.flatMap { route.frames($0) }
    }

    // MARK: Framing

    /// Finds the framing; noise in front of the first frame, such as a modem's greeting, is passed over.
    private mutating func decide(_ octets: [UInt8], _ actions: inout [Action]) {
        let start = octets.indices.first { index in
            octets[index] == HDLCFrame.flag
                || octets[index] == 0 && (index + 1 == octets.count || octets[index + 1] == 1)
        }
        let skipped = start ?? octets.count
        if skipped > 0 { actions.append(.lose(.noise, octets: skipped)) }
        guard let start else { return }
        if octets[start] == HDLCFrame.flag {
            var frames = PushFrames(longest: longest)
            frames.push(octets[start...])
            take(&frames, isSilent: false, &actions)
            framing = .hdlc(frames)
        } else if start + 1 == octets.count {
            framing = .undecided([0])
        } else {
            var scanner = WrapperScanner(longest: longest)
            scanner.push(octets[start...])
            take(&scanner, &actions)
            framing = .wrapper(scanner)
        }
    }

    private mutating func take(_ scanner: inout WrapperScanner, _ actions: inout [Action]) {
        while let item = scanner.next() {
            switch item {
            case .noise(let count): actions.append(.lose(.noise, octets: count))
            case .frame(let frame):
                // A frame without content keeps a connection alive.
                guard !frame.payload.isEmpty else { continue }
                arrived(frame.payload, .wrapper(source: frame.sourcePort, destination: frame.destinationPort), &actions)
            }
        }
    }

    private mutating func take(_ frames: inout PushFrames, isSilent: Bool, _ actions: inout [Action]) {
        while let item = frames.next(isSilent: isSilent) {
            switch item {
            case .lost(let loss, let count): actions.append(.lose(loss, octets: count))
            case .message(let apdu, let route): arrived(apdu, route, &actions)
            }
        }
    }

    // MARK: Messages

    /// Takes an APDU as it came in its frames.
    private mutating func arrived(_ apdu: [UInt8], _ route: PushRoute, _ actions: inout [Action]) {
        // Who goes on without blocks is answered without them.
        if apdu.first != Self.generalBlockTransfer {
            transfers.removeAll { $0.route == route && !$0.layer.isOpen }
        }
        take(apdu, route, &actions)
    }

    private mutating func take(_ apdu: [UInt8], _ route: PushRoute, _ actions: inout [Action]) {
        switch apdu.first {
        case Self.generalBlockTransfer: takeBlock(apdu, route, &actions)
        case Self.gatewayRequest, Self.gatewayResponse:
            guard let prefix = try? GatewayPrefix(octets: apdu), Self.isPushed(prefix.apdu) else { fallthrough }
            actions.append(
                .deliver(PushedMessage(apdu: prefix.apdu, route: route, deviceAddress: prefix.physicalDeviceAddress))
            )
        default:
            guard Self.isPushed(apdu) else {
                return actions.append(.lose(.notANotification, octets: apdu.count))
            }
            actions.append(.deliver(PushedMessage(apdu: apdu, route: route)))
        }
    }

    private mutating func takeBlock(_ apdu: [UInt8], _ route: PushRoute, _ actions: inout [Action]) {
        let index: Int
        if let known = transfers.firstIndex(where: { $0.route == route }) {
            index = known
        } else {
            if transfers.count == Self.mostTransfers {
                if transfers[0].layer.isOpen { actions.append(.lose(.incomplete, octets: 0)) }
                transfers.removeFirst()
            }
            let layer = GeneralBlockTransferLayer(.server, GeneralBlockTransferSettings(), limit: longest)
            transfers.append(Blocks(route: route, layer: layer))
            index = transfers.count - 1
        }
        let output = transfers[index].layer.received(apdu)
        for block in output.send {
            actions += route.frames(block).map { .send($0) }
        }
        if let fault = output.fault {
            transfers.remove(at: index)
            if case .responseTooLong = fault {
                actions.append(.lose(.tooLong, octets: apdu.count))
            } else {
                actions.append(.lose(.blocks, octets: apdu.count))
            }
        }
        // Blocks within blocks are none.
        guard let whole = output.apdu else { return }
        if whole.first == Self.generalBlockTransfer {
            actions.append(.lose(.blocks, octets: whole.count))
        } else {
            take(whole, route, &actions)
        }
    }

    private static let generalBlockTransfer: UInt8 = 0xE0
    private static let gatewayRequest: UInt8 = 0xE6
    private static let gatewayResponse: UInt8 = 0xE7

    /// Whether an APDU is one that is pushed: a notification, or something protected that may be one.
    static func isPushed(_ apdu: [UInt8]) -> Bool { apdu.first.map(isPushed) ?? false }

    /// Whether an APDU that is pushed may begin with a tag.
    ///
    /// Data notification, event notification and information report; the latter two ciphered with the global and the
    /// dedicated key; and the general APDUs of protection.
    static func isPushed(_ tag: UInt8) -> Bool {
        switch tag {
        case 0x0F, 0xC2, 0x18, 0xCA, 0x38, 0xD2, 0x58, 0xDB, 0xDC, 0xDD, 0xDF: true
        default: false
        }
    }
}
