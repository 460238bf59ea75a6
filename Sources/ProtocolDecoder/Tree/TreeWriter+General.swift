// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

extension TreeWriter {
    mutating func members(of error: ConfirmedServiceError) {
        apdu("confirmed-service-error")
        json.member("service", error.serviceName)
        json.member("error_class", error.errorClassName)
        json.member("error", error.errorName)
    }

    mutating func members(of response: ExceptionResponse) {
        apdu("exception-response")
        json.member("state_error", response.stateError.name)
        json.member("service_error", response.serviceError.name)
        if let counter = response.invocationCounter { json.member("invocation_counter", counter) }
    }

    mutating func members(of notification: DataNotification) {
        apdu("data-notification")
        invoke(notification.invoke)
        octets("date_time", notification.dateTime)
        data("body", notification.body)
        if !notification.deviations.isEmpty { list("deviations", notification.deviations.names) { $0.json.string($1) } }
    }

    mutating func members(of confirmation: DataNotificationConfirm) {
        apdu("data-notification-confirm")
        invoke(confirmation.invoke)
        octets("date_time", confirmation.dateTime)
    }

    mutating func members(of request: AccessRequest) {
        apdu("access-request")
        invoke(request.invoke)
        octets("date_time", request.dateTime)
        list("specifications", request.specifications) { $0.write($1) }
        data("data", request.data)
    }

    mutating func members(of response: AccessResponse) {
        apdu("access-response")
        invoke(response.invoke)
        octets("date_time", response.dateTime)
        if let specifications = response.specifications {
            list("specifications", specifications) { $0.write($1) }
        }
        data("data", response.data)
        list("results", response.results) { tree, result in
            tree.object { tree in
                switch result {
                case .get(let result): tree.json.member("get", result.name)
                case .set(let result): tree.json.member("set", result.name)
                case .action(let result): tree.json.member("action", result.name)
                }
            }
        }
    }

    mutating func members(of block: GeneralBlockTransfer) {
        apdu("general-block-transfer")
        json.member("last_block", block.isLast)
        json.member("streaming", block.isStreaming)
        json.member("window", block.window)
        json.member("block_number", block.blockNumber)
        json.member("block_number_ack", block.blockNumberAcknowledged)
        octets("block_data", block.blockData)
    }

    mutating func members(of prefix: GatewayPrefix) {
        apdu(prefix.isRequest ? "gateway-request" : "gateway-response")
        json.member("network_id", prefix.networkID)
        octets("physical_device_address", prefix.physicalDeviceAddress)
        octets("content", prefix.apdu)
    }

    private mutating func write(_ specification: AccessSpecification) {
        object { tree in
            switch specification {
            case .get(let attribute):
                tree.json.name("get")
                tree.write(attribute)
            case .set(let attribute):
                tree.json.name("set")
                tree.write(attribute)
            case .action(let method):
                tree.json.name("action")
                tree.write(method)
            case .getWithSelection(let attribute, let selection):
                tree.json.name("get_with_selection")
                tree.write(attribute, selection)
            case .setWithSelection(let attribute, let selection):
                tree.json.name("set_with_selection")
                tree.write(attribute, selection)
            }
        }
    }
}
