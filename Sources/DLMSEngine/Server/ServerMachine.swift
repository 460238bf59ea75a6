// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The meter's side of one connection, without any input or output of its own.
///
/// Serves any number of associations side by side, one for each pair of addresses, as the wrapper allows.
public struct ServerMachine: Sendable {
    /// How a server behaves where the standard leaves a choice.
    public struct Options: Hashable, Sendable {
        /// How a request is refused whose protection is not accepted; meters differ.
        public enum ProtectionRefusal: Hashable, Sendable {
            /// By an exception-response, which tells the expected invocation counter.
            case exceptionResponse
            /// By a confirmedServiceError that only tells of a deciphering error.
            case serviceError
            /// Not at all.
            case silence
        }

        /// What the blocks of a long response to a read of one variable by short name hold.
        ///
        /// Blocks of a response to several hold the list of results in any case.
        public enum ReadBlockContent: Hashable, Sendable {
            /// The Data only, as the clients of other implementations expect.
            case bareData
            /// The list of results with its count.
            case results
        }

        /// What the blocks of a long response to an ACTION hold.
        public var actionBlockContent: ActionBlockContent
        /// What the blocks of a long response to a read of one variable by short name hold.
        public var readBlockContent = ReadBlockContent.bareData
        /// The window of general block transfer, and how often a block is repeated.
        public var blockTransfer = GeneralBlockTransferSettings()
        /// What becomes of requests with a list, which some meters agree to and do not serve.
        public var lists = ListBehaviour.served
        /// How a request is refused whose protection is not accepted.
        public var protectionRefusal: ProtectionRefusal

        /// What becomes of requests with a list of attributes or methods.
        public enum ListBehaviour: String, Hashable, Sendable, CaseIterable {
            /// They are served.
            case served
            /// They are refused by an exception-response.
            case refused
            /// They are not answered.
            case ignored
        }

        /// The usual choices.
        public init(
            actionBlockContent: ActionBlockContent = .outcome,
            protectionRefusal: ProtectionRefusal = .exceptionResponse
        ) {
            self.actionBlockContent = actionBlockContent
            self.protectionRefusal = protectionRefusal
        }
    }

    private let objects: any ObjectServer
    private let options: Options
    private let random: @Sendable (Int) -> [UInt8]
    private var reassembler = WrapperReassembler()
    private var associations: [ClientAddress: ServedAssociation] = [:]

    /// Makes the machine of a new connection over the wrapper.
    ///
    /// - Parameters:
    ///   - objects: what is served.
    ///   - options: how the server behaves.
    ///   - random: where challenges and keys come from: so many random octets, none when there are none;
    ///     without them high level authentication is refused.
    public init(
        objects: any ObjectServer,
        options: Options = Options(),
        random: (@Sendable (Int) -> [UInt8])? = nil
    ) {
        self.objects = objects
        self.options = options
        self.random = random ?? { _ in [] }
    }

    /// How many associations are open.
    public var openAssociations: Int { associations.values.count { $0.association.isOpen } }

    /// Octets came from a client.
    public mutating func received(_ octets: [UInt8]) -> [ServerAction] {
        var actions: [ServerAction] = []
        reassembler.push(octets)
        do throws(DecodeError) {
            while let frame = try reassembler.next() {
                guard !frame.payload.isEmpty else { continue }
                actions += received(frame)
            }
        } catch {
            actions.append(.close)
        }
        return actions
    }

    private mutating func received(_ frame: WrapperFrame) -> [ServerAction] {
        let address = ClientAddress(clientSAP: frame.sourcePort, serverSAP: frame.destinationPort)
        // Taken out while it changes, so that a long value is not copied for every block.
        var served =
            associations.removeValue(forKey: address)
            ?? ServedAssociation(
                ServerAssociation(address: address, options: options, random: random),
                options.blockTransfer
            )
        let (replies, kind) = served.received(frame.payload, objects)
        let isOpen = served.association.isOpen
        if isOpen { associations[address] = served }
        var actions = replies.compactMap { framed($0, to: address).map { ServerAction.send($0) } }
        if let kind { actions.append(.served(kind)) }
        guard isOpen, kind != nil, let client = served.association.client else { return actions }
        for message in objects.takeNotifications(for: client) { actions += notify(message, to: address) }
        return actions
    }

    /// Sends a message that nobody asked for to a client, or to all that have an association.
    ///
    /// Clients that did not agree to its kind are left out.
    public mutating func notify(_ message: UnsolicitedMessage, to client: ClientAddress? = nil) -> [ServerAction] {
        let addresses = client.map { [$0] } ?? associations.keys.sorted { $0.clientSAP < $1.clientSAP }
        return addresses.flatMap { address -> [ServerAction] in
            let blocks = associations[address]?.notify(message) ?? []
            return blocks.compactMap { framed($0, to: address).map { .send($0) } }
        }
    }

    private func framed(_ apdu: [UInt8], to client: ClientAddress) -> [UInt8]? {
        WrapperFrame(sourcePort: client.serverSAP, destinationPort: client.clientSAP, payload: apdu)?.octets
    }
}
