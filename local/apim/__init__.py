"""The gateway: loads the policies that are deployed to API Management, and runs them in front of the Functions app."""
